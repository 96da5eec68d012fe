import { expect, test } from 'vitest';
import { GatewayError } from '../../src/core/errors.ts';
import { Stop } from '../../src/core/stop.ts';

const WHY = new GatewayError('CANCELLED', 'the client cancelled');

test('a stop tells each listener once, and says why', () => {
  const told: string[] = [];
  const stop = new Stop();
  const object = { handleEvent: () => void told.push(`object, ${stop.aborted}`) };
  stop.addEventListener('abort', () => void told.push(String(stop.reason)));
  stop.addEventListener('abort', object);
  stop.stop(WHY);
  stop.stop(new GatewayError('CANCELLED', 'again'));
  expect(told).toEqual([String(WHY), 'object, true']);
  expect(stop.reason).toBe(WHY);
});

test('a listener that was taken back hears nothing', () => {
  const told: string[] = [];
  const stop = new Stop();
  const first = (): void => void told.push('first');
  const second = (): void => void told.push('second');
  stop.removeEventListener('abort', first);
  stop.addEventListener('abort', first);
  stop.addEventListener('abort', second);
  stop.removeEventListener('abort', first);
  stop.removeEventListener('abort', first);
  stop.stop(WHY);
  expect(told).toEqual(['second']);
});

test('before it stops there is no reason', () => {
  const stop = new Stop();
  expect(stop).toMatchObject({ aborted: false, reason: undefined });
});
