import { expect, test } from 'vitest';
import type { Observation, Observer, Sending } from '../../src/core/observer.ts';
import { guarded } from '../../src/telemetry/guarded.ts';
import { aGateway } from '../gateway/a-gateway.ts';

const fail = (): never => {
  throw new Error('the observer is broken');
};
const BROKEN_SENDING: Sending = { context: undefined, end: fail };
const BROKEN_OBSERVATION: Observation = {
  traceId: '',
  ruled: fail,
  decided: fail,
  forward: () => BROKEN_SENDING,
  end: fail,
};
const BROKEN: Observer = {
  begin: () => BROKEN_OBSERVATION,
  recorded: fail,
  notRecorded: fail,
  sessionEnded: fail,
  serverSessionEnded: fail,
  restarted: fail,
};

test.each<{ what: string; observer: Observer }>([
  { what: 'everything but its beginning', observer: BROKEN },
  { what: 'its beginning', observer: { ...BROKEN, begin: fail } },
  {
    what: 'the way to the server',
    observer: { ...BROKEN, begin: () => ({ ...BROKEN_OBSERVATION, forward: fail }) },
  },
])('an observer that fails at $what changes no call, and is told of once', async ({ observer }) => {
  const faults: unknown[] = [];
  const { ask, heard, records } = await aGateway({
    servers: { files: { tools: [{ name: 'read', inputSchema: { type: 'object' } }] } },
    observer: guarded(observer, (thrown) => faults.push(thrown)),
  });
  const call = { method: 'tools/call', name: 'read', args: {}, meta: {}, answers: undefined, task: undefined } as const;
  expect(await ask(call)).toMatchObject({ kind: 'result' });
  expect(heard('files')).toHaveLength(1);
  expect(records.map(({ effect }) => effect)).toEqual(['allow']);
  expect(faults).toHaveLength(1);
});
