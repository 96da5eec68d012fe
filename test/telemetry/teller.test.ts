import { expect, test } from 'vitest';
import { Teller } from '../../src/telemetry/teller.ts';
import { silent } from '../state/records.ts';

const MINUTE_MS = 60_000;

interface Scene {
  readonly teller: Teller;
  readonly told: readonly string[];
  readonly pass: (minutes: number) => void;
}

function aTeller(): Scene {
  const told: string[] = [];
  let nowMs = 0;
  const say =
    (what: string) =>
    (_message: string, fields: object = {}): void =>
      void told.push([what, ...Object.values(fields)].join(' '));
  const logger = { ...silent, warn: say('failed'), info: say('mended') };
  const teller = new Teller({ failed: '', mended: '', fields: { export: 'siem' }, nowMs: () => nowMs, logger });
  return { teller, told, pass: (minutes) => (nowMs += minutes * MINUTE_MS) };
}

test('a receiver that takes nothing is told of once, and again every hour', () => {
  const { teller, told, pass } = aTeller();
  for (let minute = 0; minute < 119; minute += 1) {
    teller.failed('it answers 500');
    pass(1);
  }
  expect(told).toEqual(['failed siem it answers 500', 'failed siem it answers 500']);
});

test('one that comes and goes is told of every ten minutes at most, with its coming back', () => {
  const { teller, told, pass } = aTeller();
  for (let minute = 0; minute < 20; minute += 1) {
    teller.failed('refused');
    teller.mended();
    pass(1);
  }
  expect(told).toEqual(['failed siem refused', 'mended siem', 'failed siem refused', 'mended siem']);
});

test('one that takes everything is not told of', () => {
  const { teller, told } = aTeller();
  teller.mended();
  expect(told).toEqual([]);
});
