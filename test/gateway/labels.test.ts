import { expect, test } from 'vitest';
import type { AttachedLabel } from '../../src/core/change.ts';
import { attachments, labelsInForce } from '../../src/gateway/labels.ts';
import { labelsOf } from '../../src/policy/labels.ts';
import { aCombineFacts, anObligation, anOpinion } from '../policy/decision-makers.ts';
import { aCaller, NOW } from './makers.ts';

const CALLER = { ...aCaller(), remembered: { conversation: 'c', agent: 'a' } };
const CARRIES = aCombineFacts({ carries: ['label'] });

function aLabel(part: Partial<AttachedLabel>): AttachedLabel {
  const label = { conversation: 'c', label: 'pii', source: 'one/A', attachedMs: NOW - 5_000, expiresMs: NOW + 1 };
  return { ...label, ...part };
}

test('one entry a label, ordered by label, and the latest source speaks for all', () => {
  const attached = [
    aLabel({ label: 'untrusted' }),
    aLabel({ source: 'two/B', attachedMs: NOW - 1_999 }),
    aLabel({ source: 'three/C', attachedMs: NOW - 9_000, expiresMs: NOW + 9_000_000 }),
    aLabel({ label: 'over', expiresMs: NOW }),
  ];
  expect(labelsInForce(attached, NOW)).toEqual([
    { age_seconds: 1, label: 'pii', source: 'two/B' },
    { age_seconds: 5, label: 'untrusted', source: 'one/A' },
  ]);
  expect(labelsInForce([aLabel({ attachedMs: NOW + 60_000 })], NOW)).toMatchObject([{ age_seconds: 0 }]);
});

test('a label lasts as long as its rule says, else as the configuration does, and stays where that says', () => {
  const settings = { ttlMs: 8_000, isSticky: (label: string) => label === 'secret' };
  const found = [
    { label: 'pii', source: 'one/A', ttlS: 0 },
    { label: 'pii', source: 'two/B', ttlS: 60 },
    { label: 'secret', source: 'one/A', ttlS: 0 },
  ];
  const changes = attachments(found, CALLER, { settings, now: NOW });
  const times = { attachedMs: NOW, expiresMs: NOW + 8_000 };
  expect(changes).toEqual([
    { kind: 'attach_label', label: { conversation: 'c', label: 'pii', source: 'one/A', ...times } },
    {
      kind: 'attach_label',
      label: { conversation: 'c', label: 'pii', source: 'two/B', ...times, expiresMs: NOW + 60_000 },
    },
    { kind: 'attach_label', label: { conversation: 'a', label: 'secret', source: 'one/A', ...times } },
  ]);
});

test('each rule labels for itself, by obligation or in short, and the longest time of a rule holds', () => {
  const label = (ttl_s: number) => anObligation({ id: 'OB-1', type: 'label', label: 'pii', ttl_s });
  const short = { id: 'L-1', label: 'pii', ttl_s: 0, mode: 'enforce' } as const;
  const layers = [
    anOpinion({ layer: 'server', bundle: 'files', obligations: [label(60), label(600)], labels: [short] }),
    anOpinion({ layer: 'compliance', bundle: 'rules', labels: [{ ...short, mode: 'warn' }] }),
    anOpinion({ layer: 'compliance', bundle: 'watched', mode: 'shadow', labels: [short] }),
    anOpinion({ layer: 'workflow', bundle: 'pace', labels: [{ ...short, mode: 'shadow' }] }),
  ];
  expect(labelsOf({ layers, combine: CARRIES })).toEqual([
    { label: 'pii', source: 'files/OB-1', ttlS: 600 },
    { label: 'pii', source: 'files/L-1', ttlS: 0 },
    { label: 'pii', source: 'rules/L-1', ttlS: 0 },
  ]);
  expect(labelsOf({ layers, combine: aCombineFacts({ carries: [] }) })).toEqual([]);
});
