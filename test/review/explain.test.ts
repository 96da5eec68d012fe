import { expect, test } from 'vitest';
import type { SealedRecord } from '../../src/core/record.ts';
import { explain, type RuleWords } from '../../src/review/explain.ts';
import { aDecision, aDenial, aRuling } from '../gateway/makers.ts';
import { anOpinion, aVerdict } from '../policy/decision-makers.ts';

const WORDS: RuleWords = {
  title: 'Protected branches are never written directly',
  remediation: 'Open a pull request.',
  owner: 'platform',
  place: 'policy.rego:31',
};

test('a denial is a sentence, its rule in the author’s words with its place, and what would work', () => {
  const explanation = explain(aSealed(aRuling(aDenial()).record, [aServerDenial()]), () => WORDS);
  expect(explanation).toMatchObject({
    sentence: 'assistant may not call read on files.',
    who: 'agent assistant for user ana, via test 1',
    because: ['Protected branches are never written directly [code-host/GH-201 (protected_branch), policy.rego:31]'],
    remedies: ['Open a pull request.'],
    afterwards: 'nothing was forwarded',
  });
});

test('a rule whose words are gone is named all the same', () => {
  const { because } = explain(aSealed(aRuling(aDenial()).record, [aServerDenial()]), () => undefined);
  expect(because).toEqual(['code-host/GH-201 (protected_branch)']);
});

test('what the agent was not told stands here', () => {
  const decision = aDecision({ effect: 'deny', reasons: ['gateway.unknown_tool'], reason_internal: 'hidden' });
  const { because } = explain(aSealed(aRuling(decision).record), () => undefined);
  expect(because).toEqual(['gateway.unknown_tool', 'in truth: hidden']);
});

test('of a limit that had no room it is said when there is room again', () => {
  const { record } = aRuling(aDenial('gateway.counter.agent.id/60s', ''));
  const fact = { counter: 'agent.id/60s', resets_at: '2026-03-02T12:01:00.000Z', cost: 1, limit: 30 } as const;
  const explained = (status: 'reserved' | 'refused') =>
    explain(aSealed({ ...record, combine: { ...record.combine, reservations: [{ ...fact, status }] } }), () => WORDS);
  expect(explained('refused').remedies).toContain('Wait until 2026-03-02T12:01:00.000Z.');
  expect(explained('reserved').remedies.join(' ')).not.toContain('Wait until');
});

test('what was lifted is said with who lifted it', () => {
  const decision = aDecision({ lifted: [{ denial: 'code-host/GH-201', by: 'override/OVR-1' }] });
  const { because } = explain(aSealed(aRuling(decision).record), () => undefined);
  expect(because).toEqual(['code-host/GH-201 was lifted by override/OVR-1']);
});

test.for([
  {
    name: 'grants',
    opinion: anOpinion({ layer: 'resource', allow: [aVerdict('R-1', { reason: 'mine' })] }),
    said: 'allow R-1 mine',
  },
  { name: 'a grantor that is silent', opinion: anOpinion({ layer: 'resource' }), said: 'no rule grants this' },
  { name: 'a layer without objection', opinion: anOpinion({ layer: 'workflow' }), said: 'no objection' },
  { name: 'one that was not asked', opinion: anOpinion({ layer: 'workflow', status: 'skipped' }), said: 'not asked' },
  {
    name: 'one that failed',
    opinion: anOpinion({ layer: 'workflow', status: 'timeout', error: 'out of fuel' }),
    said: 'TIMEOUT: out of fuel',
  },
  {
    name: 'one that only watches',
    opinion: anOpinion({ layer: 'workflow', mode: 'shadow' }),
    said: 'no objection (shadow)',
  },
])('what each bundle said: $name', ({ opinion, said }) => {
  const { steps } = explain(aSealed(aRuling().record, [opinion]), () => undefined);
  expect(steps.map((step) => step.said)).toEqual([said]);
});

test.for([
  { status: 'ok', words: 'forwarded; ended ok after 12 ms' },
  { status: 'unknown', words: 'forwarded; what became of it is not known' },
  { status: 'not_forwarded', words: 'nothing was forwarded' },
] as const)('an outcome $status is said: $words', ({ status, words }) => {
  const outcome = { id: 'x', status, withheld: false, ms: 12, record_us: 1, settled: [], seq: 2, hash: '' };
  expect(explain({ ...aSealed(aRuling().record), outcome }, () => undefined).afterwards).toBe(words);
});

function aServerDenial(): SealedRecord['layers'][number] {
  return anOpinion({
    layer: 'server',
    bundle: 'code-host',
    deny: [aVerdict('GH-201', { reason: 'protected_branch' })],
  });
}

function aSealed(record: ReturnType<typeof aRuling>['record'], layers: SealedRecord['layers'] = []): SealedRecord {
  return { ...record, layers, seq: 1, chain: 'c', instance: 'i', hash: 'h', outcome: null };
}
