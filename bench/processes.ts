import { readdirSync, readFileSync } from 'node:fs';
import { UPSTREAM } from './place.ts';

/** `sysconf(_SC_CLK_TCK)` of every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

/** What the processes of a target use, the upstream's own left out. Read from /proc, so on Linux only. */
export interface Usage {
  readonly cpuUs: number;
  readonly residentBytes: number;
}

/** Of a process and all its descendants; undefined where nothing but the upstream is there. */
export function usageOf(pid: number): Usage | undefined {
  const usages = withDescendants(pid).filter(isNotUpstream).flatMap(usageOfOne);
  if (usages.length === 0) return undefined;
  return {
    cpuUs: usages.reduce((sum, { cpuUs }) => sum + cpuUs, 0),
    residentBytes: usages.reduce((sum, { residentBytes }) => sum + residentBytes, 0),
  };
}

/** CPU of the upstreams below a process. */
export function upstreamCpuUs(pid: number): number {
  const upstreams = withDescendants(pid).filter((one) => !isNotUpstream(one));
  return cpuUsOf(upstreams);
}

/** CPU of all processes of this machine that run a program of that name, such as `postgres`. */
export function cpuUsOfProgram(name: string): number {
  const all = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry));
  const named = all.filter((pid) => whileItLives('', () => readFileSync(`/proc/${pid}/comm`, 'utf8')).trim() === name);
  return cpuUsOf(named.map(Number));
}

function cpuUsOf(pids: readonly number[]): number {
  return pids.flatMap(usageOfOne).reduce((sum, { cpuUs }) => sum + cpuUs, 0);
}

function withDescendants(pid: number): readonly number[] {
  return [pid, ...childrenOf(pid).flatMap(withDescendants)];
}

/** Every thread has its own list of children. */
function childrenOf(pid: number): readonly number[] {
  return whileItLives([], () =>
    readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8')
        .split(' ')
        .filter((child) => child !== '')
        .map(Number),
    ),
  );
}

/** Gateways have the upstream's file among their arguments too; only in the upstream it is the program. */
function isNotUpstream(pid: number): boolean {
  return whileItLives(false, () => readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')[1] !== UPSTREAM);
}

function usageOfOne(pid: number): readonly Usage[] {
  return whileItLives([], () => {
    // The name of the program, in parentheses, may hold spaces; what follows is counted from the state, field 3.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ')
      .map(Number);
    const [userTicks = 0, systemTicks = 0] = fields.slice(14 - 3);
    const resident = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return [
      {
        cpuUs: ((userTicks + systemTicks) * 1e6) / TICKS_PER_SECOND,
        residentBytes: Number(resident ?? 0) * 1024,
      },
    ];
  });
}

/** A process or thread may end while it is looked at. */
function whileItLives<Found>(otherwise: Found, look: () => Found): Found {
  try {
    return look();
  } catch {
    return otherwise;
  }
}
