import { parentPort, workerData } from 'node:worker_threads';
import { answerCalls } from '../core/called-thread.ts';
import { LocalWorkbench } from './local-workbench.ts';
import type { WorkbenchSettings } from './workbench.ts';

/** The thread that compiles policies and asks them for pages, so that no decision waits for it. */
if (parentPort === null) throw new Error('the workbench is started by the dashboard only');
const bench = new LocalWorkbench(workerData as WorkbenchSettings, {
  now: () => Date.now(),
  monotonic: () => performance.now(),
});
answerCalls(parentPort, bench, () => bench.close());
