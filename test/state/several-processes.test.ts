import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { DecisionReader } from '../../src/state/decision-reader.ts';
import { verifyLog } from '../../src/state/verify.ts';
import { type AnyPlace, anyPlace, argumentsOf, aStore, DURABILITIES } from './support.ts';

const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
const program = fileURLToPath(new URL('./appender.ts', import.meta.url));

interface Appender {
  readonly child: ChildProcess;
  /** Whole lines of what it said. */
  lines(): readonly string[];
  /** The ids that were sealed, by seq. */
  sealed(): ReadonlyMap<number, string>;
}

function anAppender(place: AnyPlace, durability: string, calls: number): Appender {
  const args = ['--import', loader, program, ...argumentsOf(place), durability, String(calls)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  const lines = () => said.split('\n').slice(0, -1);
  const sealed = () =>
    new Map(
      lines()
        .filter((line) => /^\d/.test(line))
        .map((line) => [Number(line.split(' ')[0]), line.split(' ')[1] ?? '']),
    );
  return { child, lines, sealed };
}

async function said(appender: Appender, count: number): Promise<void> {
  while (appender.sealed().size < count) {
    if (appender.child.exitCode !== null) throw new Error('the appender ended early');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function readAll(place: AnyPlace) {
  const reader = new DecisionReader(place);
  const records = await reader.list({ limit: 100_000 });
  await reader.close();
  return records;
}

test('several gateways append at once: none lost, none twice, each in its place', async () => {
  const place = anyPlace();
  const [first = 'full', last = first] = DURABILITIES;
  const appenders = [first, last, first].map((durability) => anAppender(place, durability, 150));
  await Promise.all(appenders.map(({ child }) => once(child, 'close')));
  expect(appenders.map((appender) => appender.lines().at(-1))).toEqual(['closed', 'closed', 'closed']);
  const records = await readAll(place);
  expect(await verifyLog(place)).toMatchObject({ kind: 'ok', rows: 900 });
  const sealed = appenders.flatMap((appender) => [...appender.sealed()]);
  expect(sealed).toHaveLength(450);
  expect(records.map(({ seq, id }) => [seq, id])).toEqual(sealed.toSorted(([left], [right]) => right - left));
  expect(records.every(({ outcome }) => outcome !== null)).toBe(true);
});

test.each(DURABILITIES)(
  'kill -9 loses nothing that was sealed, and what nobody will settle becomes unknown (durability %s)',
  async (durability) => {
    const place = anyPlace();
    const sealed = new Map<number, string>();
    for (let round = 0; round < 3; round += 1) {
      const appender = anAppender(place, durability, 100_000);
      await said(appender, 20 + 30 * round);
      appender.child.kill('SIGKILL');
      await once(appender.child, 'close');
      for (const [seq, id] of appender.sealed()) sealed.set(seq, id);
      expect(await verifyLog(place)).toMatchObject({ kind: 'ok' });
    }
    const before = await readAll(place);
    const kept = new Map(before.map(({ seq, id }) => [seq, id]));
    for (const [seq, id] of sealed) expect(kept.get(seq)).toBe(id);
    expect(before.some(({ outcome }) => outcome === null)).toBe(true);

    const store = await aStore(place);
    const after = await readAll(place);
    expect(after.map(({ id }) => id)).toEqual(before.map(({ id }) => id));
    for (const [index, { outcome }] of after.entries()) {
      const earlier = before[index]?.outcome;
      expect(outcome?.status).toBe(earlier === null ? 'unknown' : earlier?.status);
    }
    await store.close();
    expect(await verifyLog(place)).toMatchObject({ kind: 'ok' });
  },
);

test('the calls of a gateway that lives are left alone', async () => {
  const place = anyPlace();
  const appender = anAppender(place, 'normal', 100_000);
  await said(appender, 20);
  appender.child.kill('SIGSTOP');
  const store = await aStore(place);
  const open = (await readAll(place)).filter(({ outcome }) => outcome === null);
  expect(open.length).toBeGreaterThan(0);
  expect(open.every(({ instance }) => instance !== store.instance)).toBe(true);
});
