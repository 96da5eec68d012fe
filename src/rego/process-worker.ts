import process from 'node:process';
import { setFlagsFromString } from 'node:v8';
import { Worker } from 'node:worker_threads';
import { messageOf } from '../core/errors.ts';
import { workerUrl } from '../core/worker-entry.ts';
import type { ToolchainReply } from './toolchain-worker.ts';

/**
 * The program runs for a second or two, so V8 shall neither look at code that is not called nor optimise what is:
 * that is two thirds of the work otherwise. A flag that V8 no longer knows changes nothing.
 */
const FLAGS = ['--liftoff-only', '--no-wasm-tier-up', '--no-wasm-dynamic-tiering', '--wasm-lazy-validation'];

// This file is the process that process-link.ts starts. The program runs in a thread of it, so that this one stays free
// to hear that the parent has gone, whatever the program does.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
for (const flag of FLAGS) setFlagsFromString(flag);
const { url, execArgv } = workerUrl('toolchain-worker', import.meta.url);
const worker = new Worker(url, { execArgv, workerData: JSON.parse(process.argv[2] ?? '') as unknown });
worker.on('message', (reply: ToolchainReply) => process.send?.(reply));
worker.on('error', (error) => process.send?.({ kind: 'failure', reason: messageOf(error) } satisfies ToolchainReply));
process.on('message', (request) => {
  worker.postMessage(request);
});
