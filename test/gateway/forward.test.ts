import { expect, test } from 'vitest';
import { GatewayError } from '../../src/core/errors.ts';
import type { Said } from '../../src/gateway/dialogue.ts';
import { forwardWithin } from '../../src/gateway/forward.ts';
import { realClock } from '../state/records.ts';

const PLACE = { server: 'files', clock: realClock };

/** As a server that never answers: the request ends when it is told to. */
function until(stop: AbortSignal): Promise<Said> {
  return new Promise((_, reject) => {
    stop.addEventListener('abort', () => reject(new GatewayError('CANCELLED', 'cancelled')), { once: true });
  });
}

test('a call is given up when the time that policy gives it is over, and the agent is told by whom', async () => {
  const forwarded = await forwardWithin({ ms: 5, rules: ['pace/WF-9'] }, until, PLACE);
  expect(forwarded).toMatchObject({ kind: 'failed', status: 'timeout' });
  expect(forwarded.kind === 'failed' ? forwarded.text : '').toBe(
    'The call was given up: policy (pace/WF-9) gives it 5 ms, and the server files did not answer in that time. ' +
      'It may have run all the same: find out before you repeat it.',
  );
});

test('one that answers in time is answered', async () => {
  const said: Said = { kind: 'result', result: { content: [] } };
  expect(await forwardWithin({ ms: 60_000, rules: [] }, async () => said, PLACE)).toMatchObject({
    kind: 'answered',
    status: 'ok',
  });
});

test('one that its client cancels before is cancelled, not late', async () => {
  const cancelled = (): Promise<Said> => Promise.reject(new GatewayError('CANCELLED', 'the client cancelled it'));
  expect(await forwardWithin({ ms: 60_000, rules: [] }, cancelled, PLACE)).toMatchObject({ status: 'cancelled' });
});
