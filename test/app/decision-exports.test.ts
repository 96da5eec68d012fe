import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { exportDecisions } from '../../src/app/decision-exports.ts';
import type { AppOptions } from '../../src/app/options.ts';
import { DecisionExport } from '../../src/config/schema-telemetry.ts';
import type { DecisionRecord } from '../../src/core/record.ts';
import { opaEvent } from '../../src/review/export-formats.ts';
import { ocsfEvent } from '../../src/review/ocsf-event.ts';
import { DecisionReader } from '../../src/state/decision-reader.ts';
import type { Store } from '../../src/state/store.ts';
import { aCollector } from '../telemetry/a-collector.ts';
import { aRecord, realClock, silent } from '../state/records.ts';
import { aFolder, aPlace, aStore } from '../state/support.ts';

interface Run {
  /** What the file has got, as it was sent. */
  readonly sent: () => readonly { readonly decision_id: string }[];
  readonly end: () => Promise<void>;
  readonly value: (series: string) => Promise<number | undefined>;
}

/** Sends the decisions of a store to a file, as the configuration says. */
async function anExport(store: Store, file: string, settings: object = {}): Promise<Run> {
  const ending = new AbortController();
  const { telemetry, value } = await aCollector();
  const written = DecisionExport.parse({ id: 'siem', file, interval: '1s', from: 'beginning', ...settings });
  // Nothing else of the options is read.
  const options = {
    config: { decisions: { export: [written] } },
    version: '1.2.3',
    clock: realClock,
    logger: silent,
  } as unknown as AppOptions;
  const ended = exportDecisions({ store, signal: ending.signal, instruments: telemetry.instruments }, options);
  return {
    sent: () =>
      readFileSync(file, { encoding: 'utf8', flag: 'a+' })
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as { decision_id: string }),
    end: () => {
      ending.abort();
      return ended;
    },
    value,
  };
}

async function append(store: Store, ...records: readonly DecisionRecord[]): Promise<void> {
  for (const record of records) await store.log.append(record);
}

function idsOf(records: readonly DecisionRecord[]): readonly string[] {
  return records.map(({ id }) => id);
}

test('sends each decision as the export by hand writes it, and goes on behind it after a restart', async () => {
  const [place, file] = [aPlace(), join(aFolder(), 'decisions.jsonl')];
  const records = [aRecord(), aRecord({ effect: 'deny', reasons: ['not_yours'] })];
  const store = await aStore(place);
  await append(store, ...records);
  const first = await anExport(store, file);
  await expect.poll(() => first.sent().map(({ decision_id: id }) => id)).toEqual(idsOf(records));
  const reader = new DecisionReader(place);
  const kept = (await reader.list({ limit: 2 })).toReversed();
  await reader.close();
  expect(first.sent()).toEqual(kept.map((record) => opaEvent(record, '1.2.3')));
  expect(await first.value('mcp_gateway_decision_export_sent_total{export="siem"}')).toBe(2);
  expect(await first.value('mcp_gateway_decision_export_behind{export="siem"}')).toBe(0);
  await first.end();
  const later = aRecord();
  await append(store, later);
  const second = await anExport(store, file);
  await expect.poll(() => second.sent().map(({ decision_id: id }) => id)).toEqual(idsOf([...records, later]));
  await second.end();
});

test('writes them as OCSF where it is told to', async () => {
  const [place, file] = [aPlace(), join(aFolder(), 'decisions.jsonl')];
  const store = await aStore(place);
  await append(store, aRecord());
  const { sent, end } = await anExport(store, file, { format: 'ocsf' });
  await expect.poll(() => sent().length).toBe(1);
  await end();
  const [kept] = await new DecisionReader({ path: place.path }).list({ limit: 1 });
  expect(sent()).toEqual(kept === undefined ? [] : [ocsfEvent(kept, '1.2.3')]);
});

test('leaves out what it is told to, but no denial, and counts it', async () => {
  const [store, file] = [await aStore(aPlace()), join(aFolder(), 'decisions.jsonl')];
  const kept = [
    aRecord({ effect: 'deny' }),
    aRecord({ action: 'tool_list', effect: 'deny' }),
    aRecord({ effect: 'pending' }),
  ];
  await append(store, aRecord({ action: 'tool_list' }), ...kept, aRecord());
  const run = await anExport(store, file, { drop: ['tool_list', 'allow'] });
  await expect.poll(() => run.sent().map(({ decision_id: id }) => id)).toEqual(idsOf(kept));
  await expect
    .poll(() => run.value('mcp_gateway_decision_export_dropped_total{export="siem",why="configured"}'))
    .toBe(2);
  await run.end();
});

test('a new one begins with what is decided from then on', async () => {
  const [store, file] = [await aStore(aPlace()), join(aFolder(), 'decisions.jsonl')];
  await append(store, aRecord());
  const run = await anExport(store, file, { from: 'now' });
  await expect.poll(() => store.exports.read('siem')).toBe(1);
  const next = aRecord();
  await append(store, next);
  await expect.poll(() => run.sent().map(({ decision_id: id }) => id), { timeout: 10_000 }).toEqual([next.id]);
  await run.end();
});

test('of two processes on one store one sends', async () => {
  const [place, file] = [aPlace(), join(aFolder(), 'decisions.jsonl')];
  const [one, other] = [await aStore(place), await aStore(place)];
  expect(await one.exports.hold('siem', realClock.now(), 30_000)).toBe(true);
  expect(await one.exports.hold('siem', realClock.now(), 30_000)).toBe(true);
  expect(await other.exports.hold('siem', realClock.now(), 30_000)).toBe(false);
  await append(one, aRecord());
  const run = await anExport(other, file);
  await one.close();
  await expect.poll(() => run.sent().length, { timeout: 10_000 }).toBe(1);
  await run.end();
});
