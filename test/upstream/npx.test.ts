import { chmodSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { parseNpx, programIn } from '../../src/upstream/npx.ts';
import { aFolder } from './parts.ts';

const none = { bin: '', args: [], registry: '' };

test.for<[string, string[], object | undefined]>([
  ['npx', ['pkg'], { ...none, spec: 'pkg' }],
  ['npx', ['-y', '@scope/pkg@1.2.3', '/tmp', '-y'], { ...none, spec: '@scope/pkg@1.2.3', args: ['/tmp', '-y'] }],
  ['npx.cmd', ['--yes', 'pkg@latest'], { ...none, spec: 'pkg@latest' }],
  ['/usr/local/bin/npx', ['-q', '--', 'pkg', '--', 'a'], { ...none, spec: 'pkg', args: ['--', 'a'] }],
  ['C:\\node\\npx.cmd', ['pkg'], { ...none, spec: 'pkg' }],
  ['npx', ['-y', '-p', 'pkg', 'bin', 'a'], { ...none, spec: 'pkg', bin: 'bin', args: ['a'] }],
  ['npx', ['--package=pkg@2', 'bin'], { ...none, spec: 'pkg@2', bin: 'bin' }],
  ['npx', ['--registry=https://r.example/?a=b', 'pkg'], { ...none, spec: 'pkg', registry: 'https://r.example/?a=b' }],
  ['npx', ['-c', 'pkg | sh'], undefined],
  ['npx', ['-p', 'a', '-p', 'b', 'bin'], undefined],
  ['npx', ['-p', 'a'], undefined],
  ['npx', ['--no-install', 'pkg'], undefined],
  ['npx', ['-y'], undefined],
  ['npx', [], undefined],
  ['node', ['npx', 'pkg'], undefined],
  ['npxx', ['pkg'], undefined],
])('`%s %j` is read', ([command, args, expected]) => {
  expect(parseNpx({ command, args })).toEqual(expected);
});

test.for<[string, Record<string, string>, string, string[] | undefined]>([
  ['the only program', { anything: 'script.js' }, '', ['NODE', 'script.js', 'a']],
  ['two names of one program', { one: 'script.js', two: 'script.js' }, '', ['NODE', 'script.js', 'a']],
  ['the program called like the package', { other: 'tool', pkg: 'script.js' }, '', ['NODE', 'script.js', 'a']],
  [
    'the program that was asked for',
    { other: 'env.txt', pkg: 'script.js' },
    'other',
    ['NODE', '--no-warnings', 'env.txt', 'a'],
  ],
  ['a program that is no script of Node', { pkg: 'tool' }, '', ['tool', 'a']],
  ['none of several', { a: 'script.js', b: 'tool' }, '', undefined],
  ['one that is not there', { pkg: 'absent.js' }, '', undefined],
  ['no program at all', {}, '', undefined],
  ['a file that is no program', { pkg: 'text' }, '', undefined],
])('of the programs of a package runs %s', ([, bin, wanted, expected]) => {
  const folder = aFolder();
  const files = {
    'script.js': '// no first line for a shell',
    'env.txt': '#!/usr/bin/env -S node --no-warnings\n',
    tool: '#!/bin/sh\n',
    text: 'text',
  };
  for (const [name, content] of Object.entries(files)) writeFileSync(path.join(folder, name), content);
  chmodSync(path.join(folder, 'tool'), 0o755);
  const request = { spec: 'x', bin: wanted, args: ['a'], registry: '' };
  const program = programIn({ folder, name: '@scope/pkg', version: '1.0.0', bin }, request, 'NODE');
  const line =
    program &&
    [program.command, ...program.args].map((part) => (path.isAbsolute(part) ? path.relative(folder, part) : part));
  expect(line).toEqual(expected);
});
