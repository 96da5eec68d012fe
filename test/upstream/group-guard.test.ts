import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, onTestFinished, test, vi } from 'vitest';
import { GroupGuard } from '../../src/upstream/group-guard.ts';

/** A process that leads a group, does not want to end, and has a child that does not either. */
async function aStubbornGroup(): Promise<number> {
  const script = "trap '' TERM; (trap '' TERM; echo ready; sleep 60) & wait";
  const leader = spawn('sh', ['-c', script], { detached: true, stdio: ['ignore', 'pipe', 'ignore'] });
  const group = leader.pid ?? 0;
  onTestFinished(() => void (isThere(group) && process.kill(-group, 'SIGKILL')));
  await once(leader.stdout, 'data');
  return group;
}

function isThere(group: number): boolean {
  try {
    return process.kill(-group, 0);
  } catch {
    return false;
  }
}

test('F-35 when the pipe ends, the groups that are left are killed, and no others', async () => {
  const [left, removed] = [await aStubbornGroup(), await aStubbornGroup()];
  const guard = new GroupGuard({ platform: process.platform, path: process.env['PATH'] });
  guard.add(left);
  guard.add(removed);
  guard.remove(removed);
  guard.close();
  await vi.waitFor(() => expect(isThere(left)).toBe(false), { timeout: 30_000, interval: 50 });
  expect(isThere(removed)).toBe(true);
  guard.add(removed);
  guard.close();
  expect(isThere(removed)).toBe(true);
});
