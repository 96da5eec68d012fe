import { expect, test } from 'vitest';
import type { Activation } from '../../src/core/generation.ts';
import { returnOfBundle } from '../../src/review/rollback.ts';

function activation(seq: number, digest: string): Activation {
  const place = { kind: 'starter' } as const;
  const bundle = {
    id: 'limits',
    layer: 'workflow',
    place,
    mode: 'enforce',
    ruleModes: {},
    digest,
    dataDigest: 'd',
    source: '',
  } as const;
  const facts = { bundles: [bundle], required: [], evaluationFuel: 1, library: '', toolchain: '' };
  return { seq, generation: `g${seq}`, at: seq, instance: 'i', why: 'start', facts };
}

const ACTIVATIONS = [activation(3, 'cccccc33'), activation(2, 'aaaaaa22'), activation(1, 'aaaaaa11')];
const GOING = { activations: ACTIVATIONS, atomic: [] };

test('the beginning of a digest says what a bundle goes back to', () => {
  const [back] = returnOfBundle('limits', 'aaaaaa1', GOING);
  expect(back?.earlier.digest).toBe('aaaaaa11');
});

test.each([
  ['that two have in common', 'aaaaaa'],
  ['that is too short', 'aaaaa'],
  ['that is empty', ''],
  ['that none has', 'bbbbbb'],
])('a beginning %s says nothing', (_, digest) => {
  expect(() => returnOfBundle('limits', digest, GOING)).toThrow(/limits/);
});
