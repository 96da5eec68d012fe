import process from 'node:process';
import { setFlagsFromString } from 'node:v8';
import { Worker } from 'node:worker_threads';
import { messageOf } from '../core/errors.ts';
import { workerUrl } from '../core/worker-entry.ts';
import type { ToolchainReply, ToolchainWork } from './toolchain-worker.ts';

/**
 * The program runs for a second or two, so V8 shall neither look at code that is not called nor optimise what is:
 * that is two thirds of the work otherwise. A flag that V8 no longer knows changes nothing.
 */
const FLAGS = ['--liftoff-only', '--no-wasm-tier-up', '--no-wasm-dynamic-tiering', '--wasm-lazy-validation'];

const TELL_EVERY_MS = 200;

// This file is the process that process-link.ts starts. The program runs in a thread of it, so that this one stays free
// to hear that the parent has gone, whatever the program does.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
for (const flag of FLAGS) setFlagsFromString(flag);

/** Of the one request that is worked on. */
let work: NodeJS.Timeout | undefined;
const { url, execArgv } = workerUrl('toolchain-worker', import.meta.url);
const worker = new Worker(url, { execArgv, workerData: JSON.parse(process.argv[2] ?? '') as unknown });
worker.on('message', (reply: ToolchainReply) => finish(reply));
worker.on('error', (error) => finish({ kind: 'failure', reason: messageOf(error) }));
process.on('message', (request) => {
  work = tellWork();
  worker.postMessage(request);
});

function finish(reply: ToolchainReply): void {
  clearInterval(work);
  process.send?.(reply);
}

/** How long work takes says little on a machine that is busy, so it is told how much it was. */
function tellWork(): NodeJS.Timeout {
  const before = process.cpuUsage();
  return setInterval(() => {
    const { user, system } = process.cpuUsage(before);
    process.send?.({ kind: 'working', cpuMs: (user + system) / 1000 } satisfies ToolchainWork);
  }, TELL_EVERY_MS);
}
