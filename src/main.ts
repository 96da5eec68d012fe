#!/usr/bin/env node
import module from 'node:module';

// From Node 22.8 on, compiled code is kept between starts; it has to be said before anything is loaded.
if ('enableCompileCache' in module) module.enableCompileCache();
const { runCli } = await import('./cli/program.ts');

process.exitCode = await runCli(process.argv.slice(2));
