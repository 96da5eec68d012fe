import { execFile, type ChildProcess } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';

const POLL_MS = 25;

/**
 * Ends a process and all that it started: asked first (SIGTERM), after `graceMs` killed. On POSIX the process must lead
 * a group of its own (`detached`); what outlives its leader in that group is ended too. On Windows there is no asking:
 * `taskkill` ends the tree.
 */
export async function endGroup(child: ChildProcess, graceMs: number, platform: string): Promise<void> {
  const { pid } = child;
  if (pid === undefined) return;
  if (platform === 'win32') return endTree(pid);
  if (!signal(pid, 'SIGTERM')) return;
  for (let waitedMs = 0; waitedMs < graceMs; waitedMs += POLL_MS) {
    await wait(POLL_MS);
    if (!signal(pid, 0)) return;
  }
  signal(pid, 'SIGKILL');
}

/** Whether anything was there to get the signal. */
function signal(group: number, name: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-group, name);
    return true;
  } catch {
    return false;
  }
}

/** A tree that is already gone makes `taskkill` fail, and that is well. */
function endTree(pid: number): Promise<void> {
  return new Promise((resolve) => {
    execFile('taskkill', ['/pid', String(pid), '/T', '/F'], { windowsHide: true }, () => resolve());
  });
}
