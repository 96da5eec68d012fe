import { expect, test } from 'vitest';
import { decisionsAbout, type Place } from '../e2e/program.ts';
import { type RawClient, rawStdio } from '../e2e/raw-client.ts';
import { textsIn } from '../e2e/servers.ts';
import { inject } from './inject.ts';
import { aFaultPlace, aReadyClient, expectTruth, report, ROUNDS, write } from './truth.ts';

/** Before which of its system calls a gateway is killed while one call goes its way, and how far in. */
const POINTS = [
  { calls: 'pwrite64', upTo: 4 },
  { calls: 'fsync,fdatasync', upTo: 2 },
  { calls: 'write,writev,sendmsg', upTo: 6 },
] as const;

/** How far a call may have come: recorded, then received, then answered. Anything else is a lie of the log. */
const LEGAL = ['', 'recorded', 'recorded received', 'recorded received answered'];

test('F-02 killed before any of the writes of a call, a gateway leaves one of four states behind', async () => {
  const seen = new Map<string, number>();
  const clients: RawClient[] = [];
  const place = aFaultPlace();
  for (const { calls, upTo } of Array.from({ length: ROUNDS }, () => POINTS).flat()) {
    for (let nth = 1; nth <= upTo; nth++) {
      const client = await aReadyClient(place);
      clients.push(client);
      const state = await stateAfterKill(place, client, `${calls}:signal=SIGKILL:when=${nth}`);
      expect(LEGAL).toContain(state);
      seen.set(state, (seen.get(state) ?? 0) + 1);
    }
  }
  // Where exactly a point lies depends on the machine; that they lie apart does not.
  expect(seen.size).toBeGreaterThanOrEqual(3);
  // The next gateway says that nobody will ever know what became of the calls that had no outcome.
  await rawStdio(place);
  const open = (await decisionsAbout(place, 'write')).filter(({ outcome }) => outcome === undefined);
  expect(open).toEqual([]);
  report('F-02 killed at points', { seen: Object.fromEntries(seen), ...(await expectTruth(place, clients)) });
});

async function stateAfterKill(place: Place, client: RawClient, rule: string): Promise<string> {
  const text = `${rule} ${client.pid}`;
  const end = await inject(client.pid, [rule]);
  const { kind } = await write(client, text);
  client.signal('SIGKILL');
  await client.ended;
  await end();
  const records = await decisionsAbout(place, 'write');
  const isRecorded = records.some(({ input, effect }) => effect === 'allow' && JSON.stringify(input).includes(text));
  const states = { recorded: isRecorded, received: textsIn(place).includes(text), answered: kind === 'written' };
  return Object.entries(states)
    .filter(([, isReached]) => isReached)
    .map(([name]) => name)
    .join(' ');
}
