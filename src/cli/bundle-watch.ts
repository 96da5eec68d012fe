import { watch } from 'node:fs';
import { printError } from './exit.ts';
import type { CommandContext } from './context.ts';
import { paint, printLine } from './terminal.ts';

/** How long a folder must be quiet: editors write a file in several steps. */
const QUIET_MS = 100;

/** Does the work now and after each change of the folder, one at a time, until Ctrl-C. What fails is shown, and waited on. */
export async function watchBundle(context: CommandContext, folder: string, work: () => Promise<void>): Promise<void> {
  const { terminal } = context;
  let timer: NodeJS.Timeout | undefined;
  let running = Promise.resolve();
  const run = (): void => {
    running = running.then(() => shown(context, work));
  };
  const watcher = watch(folder, { recursive: true }, () => {
    clearTimeout(timer);
    timer = setTimeout(run, QUIET_MS);
  });
  run();
  await new Promise<void>((resolve, reject) => {
    process.once('SIGINT', () => resolve());
    watcher.once('error', reject);
  });
  clearTimeout(timer);
  watcher.close();
  await running;
  printLine({ ...terminal, out: terminal.err }, '');
}

async function shown(context: CommandContext, work: () => Promise<void>): Promise<void> {
  const { terminal } = context;
  try {
    await work();
  } catch (thrown) {
    printError(terminal, thrown);
  }
  printLine({ ...terminal, out: terminal.err }, paint(terminal, 'dim', 'waiting for a change; Ctrl-C ends it'));
}
