import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Clock } from '../../src/core/clock.ts';
import type { Logger } from '../../src/core/logger.ts';
import type { DecisionRecord, Outcome } from '../../src/core/record.ts';
import { decisionIds } from '../../src/state/decision-id.ts';
import { Store, type StoreOptions } from '../../src/state/store.ts';

export const realClock: Clock = { now: () => Date.now(), monotonic: () => performance.now() };

export const silent: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

export const nextId = decisionIds(realClock);

/** Gone when the test has ended. */
export function aFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'mcp-gateway-state-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export interface Place {
  readonly path: string;
  readonly home: string;
}

export function aPlace(): Place {
  const home = aFolder();
  return { path: join(home, 'state', 'decisions.db'), home };
}

/** Closed when the test has ended. */
export async function aStore(options: Place & Partial<StoreOptions>): Promise<Store> {
  const store = await Store.open({ durability: 'normal', clock: realClock, logger: silent, ...options });
  onTestFinished(() => store.close().catch(() => undefined));
  return store;
}

export function aRecord(changes: Partial<DecisionRecord> = {}): DecisionRecord {
  return {
    id: nextId(),
    time: new Date().toISOString(),
    generation: 'g1',
    principal: {
      agent: {
        id: 'claude',
        scope: '',
        owner_team: '',
        model: '',
        client: { name: 'test', version: '1' },
        delegated_by: [],
      },
      user: { id: 'ada', groups: [], data_classifications_authorized: [] },
    },
    client: { name: 'test', version: '1', protocol: '2025-11-25' },
    session: 's1',
    call: '',
    server: 'github',
    tool: 'create_issue',
    action: 'tool_call',
    effect: 'allow',
    reasons: [],
    reason_internal: '',
    remediation: '',
    matched_rules: ['github/GH-101'],
    layers: [],
    combine: {
      version: 1,
      required: [],
      carries: [],
      modes: {},
      own: [],
      bypass: '',
      now: 0,
      approvals: [],
      reservations: [],
    },
    lifted: [],
    obligations: {
      audit_required: false,
      redact: { record: [], result: [] },
      approvals: [],
      counters: [],
      rate_limits: [],
      deadline_ms: 0,
      labels: [],
    },
    budgets: {},
    input: {},
    input_hash: '',
    dropped: [],
    replayable: { kind: 'fully' },
    shadow: null,
    trace_id: '',
    latency_us: { decide: 120 },
    ...changes,
  };
}

export function anOutcome(id: string, changes: Partial<Outcome> = {}): Outcome {
  return { id, status: 'ok', withheld: false, ms: 12, record_us: 60, settled: [], ...changes };
}

/** A store with this many calls, each with its outcome, closed again. */
export async function aLogOf(calls: number): Promise<Place & { readonly ids: readonly string[] }> {
  const place = aPlace();
  const store = await Store.open({ ...place, durability: 'normal', clock: realClock, logger: silent });
  const ids: string[] = [];
  for (let call = 0; call < calls; call += 1) {
    const record = aRecord();
    await store.log.append(record);
    store.log.settle(anOutcome(record.id));
    ids.push(record.id);
  }
  await store.close();
  return { ...place, ids };
}
