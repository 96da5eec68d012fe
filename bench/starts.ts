import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { WORK } from './place.ts';
import { usageOf } from './processes.ts';
import { startTarget } from './start.ts';
import type { Target } from './targets.ts';

/** One start of one target: to the first list of tools, and what it holds once it has come to rest. */
export interface Start {
  readonly ms: number;
  /** Of the gateway's own processes; NaN where there is no gateway. */
  readonly idleBytes: number;
}

/** Starts a target on an empty disk: nothing is compiled, no tool is known. Afterwards its cache is warm. */
export async function startCold(target: Target, restMs: number): Promise<Start> {
  rmSync(`${WORK}${homeOf(target)}`, { recursive: true, force: true });
  return start(target, restMs);
}

/** Starts a target a second time. */
export function startWarm(target: Target, restMs: number): Promise<Start> {
  return start(target, restMs);
}

async function start(target: Target, restMs: number): Promise<Start> {
  const home = homeOf(target);
  const running = await startTarget(target, { home, cache: `${WORK}${home}/cache` });
  try {
    await sleep(restMs);
    return { ms: running.startMs, idleBytes: usageOf(running.pid)?.residentBytes ?? Number.NaN };
  } finally {
    await running.stop();
  }
}

function homeOf({ name }: Target): string {
  return `start-${name}`;
}
