import { setTimeout as sleep } from 'node:timers/promises';
import { usageOf } from './processes.ts';
import type { Running } from './start.ts';
import { quantile } from './statistics.ts';
import { ordinaryCall } from './workload.ts';

/** What one target did at one level in one round. */
export interface Sample {
  readonly callsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Of the gateway's own processes; NaN where there is no gateway. */
  readonly cpuUsPerCall: number;
}

export interface LoadOptions {
  readonly inFlight: number;
  readonly durationMs: number;
}

/** Keeps so many calls in flight for a while. Throws for the first answer that is not the echo of its call. */
export async function load(running: Running, { inFlight, durationMs }: LoadOptions): Promise<Sample> {
  const latenciesMs: number[] = [];
  const cpuBeforeUs = usageOf(running.pid)?.cpuUs;
  const startedAt = performance.now();
  const lane = async (): Promise<void> => {
    while (performance.now() - startedAt < durationMs) {
      const sentAt = performance.now();
      await call(running);
      latenciesMs.push(performance.now() - sentAt);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
  const seconds = (performance.now() - startedAt) / 1000;
  // Outcomes are written behind the answers; what that costs belongs to the calls.
  await sleep(20);
  const cpuUs = (usageOf(running.pid)?.cpuUs ?? Number.NaN) - (cpuBeforeUs ?? Number.NaN);
  return {
    callsPerSecond: latenciesMs.length / seconds,
    p50Ms: quantile(latenciesMs, 0.5),
    p99Ms: quantile(latenciesMs, 0.99),
    cpuUsPerCall: cpuUs / latenciesMs.length,
  };
}

let callsMade = 0;

async function call({ connection, tool }: Running): Promise<void> {
  callsMade += 1;
  const args = ordinaryCall(callsMade);
  const answer = await connection.request('tools/call', { name: tool, arguments: args });
  if (answer.result?.content?.[0]?.text === args.text && answer.result.isError !== true) return;
  throw new Error(`a call was not echoed: ${JSON.stringify(answer).slice(0, 1000)}`);
}
