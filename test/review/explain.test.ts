import { expect, test } from 'vitest';
import type { SealedRecord } from '../../src/core/record.ts';
import { explain } from '../../src/review/explain.ts';
import type { RuleWords, WordSources } from '../../src/review/record-words.ts';
import { combine } from '../../src/policy/combine.ts';
import type { CombineInput } from '../../src/policy/combine-opinions.ts';
import { aRuling } from '../gateway/makers.ts';
import { everyCombination } from '../policy/layer-states.ts';
import { anObligation, anOpinion, aPermit, aVerdict, someFacts } from '../policy/decision-makers.ts';

const WORDS: RuleWords = {
  title: 'Protected branches are never written directly.',
  remediation: 'Open a pull request to {branch}.',
  owner: 'platform',
  control: 'SOC2-CC8.1',
  place: 'policy.rego:31',
  reads: ['action.args', 'action.type', 'agent.id'],
};
const OWN = { title: 'The gateway says so', remediation: 'Wait until {until}.' };
const NO_WORDS: WordSources = { wordsOf: () => undefined, ownWords: () => OWN };
const ALL_WORDS: WordSources = { ...NO_WORDS, wordsOf: () => WORDS };

const GRANTING = [
  anOpinion({ layer: 'server', bundle: 'code-host', allow: [aVerdict('S-1')] }),
  anOpinion({ layer: 'resource', allow: [aVerdict('R-1')] }),
];
const DENIED = anOpinion({
  layer: 'server',
  bundle: 'code-host',
  allow: [aVerdict('S-1')],
  deny: [aVerdict('GH-201', { reason: 'protected_branch', params: { branch: 'main' } })],
});
const [, RESOURCE] = GRANTING;
const PERMIT = aPermit({ id: 'INC-7', lifts: ['code-host/GH-201'] });

test('a denial is a sentence, its rule in the author’s words with its place and origin, and what would work', () => {
  expect(explain(aSealed(aDenied()), ALL_WORDS)).toMatchObject({
    sentence: 'assistant may not call merge on code-host.',
    who: 'agent assistant for user ana, via a client that calls itself test 1',
    because: [
      'Protected branches are never written directly [code-host/GH-201 (protected_branch), policy.rego:31, ' +
        'owner platform, control SOC2-CC8.1; says the policy that comes with the server code-host]',
    ],
    remedies: ['Open a pull request to main.'],
    decided:
      'Any denial denies, of whatever layer: code-host/S-1 and resource/R-1 grant it, and code-host/GH-201 outweighs ' +
      'that. No permit that holds names it.',
    afterwards: 'nothing was forwarded',
    follows: true,
  });
});

test('of each rule it is told what stood in the request where it looks', () => {
  const args = { branch: 'main', text: 'x'.repeat(200) };
  const record = { ...aSealed(aDenied()), input: { action: { args, type: 'tool_call' }, agent: { id: 'coder' } } };
  const [rule] = explain(record, ALL_WORDS).rules;
  expect(rule?.read).toEqual([
    { path: 'action.args', value: expect.stringMatching(/^\{"branch":"main","text":"x+…$/) as string },
    { path: 'agent.id', value: '"coder"' },
  ]);
});

test('a rule whose words are gone is named all the same', () => {
  expect(explain(aSealed(aDenied()), NO_WORDS).because).toEqual(['code-host/GH-201 (protected_branch)']);
});

test('what the agent was not told stands here', () => {
  const own = { reason: 'gateway.unknown_tool', internal: 'hidden', rules: [], params: {} };
  const { because, decided } = explain(aSealed(someFacts([], { own: [own] })), NO_WORDS);
  expect(because).toEqual([
    'The gateway says so [gateway.unknown_tool; says the gateway]',
    'In truth: hidden; the agent is not told.',
  ]);
  expect(decided).toBe('The gateway itself refuses it before any policy is asked. Nothing lifts that.');
});

test('what was lifted is said with who lifted it, until when and why, and what it would have been without', () => {
  const facts = someFacts([DENIED, ...[RESOURCE].flatMap((one) => one ?? []), permitting(PERMIT)]);
  const explanation = explain(aSealed(facts), ALL_WORDS);
  expect(explanation.lifted).toEqual([
    {
      denial: 'code-host/GH-201',
      title: WORDS.title,
      by: 'override/INC-7',
      justification: 'an incident',
      requested_by: 'ana',
      approved_by: 'ben',
      people: 'unverified',
      not_before: '2026-03-01T00:00:00Z',
      expires_at: '2026-03-05T00:00:00Z',
    },
  ]);
  expect(explanation.denials).toMatchObject([{ denial: 'code-host/GH-201', fate: 'lifted' }]);
  expect(explanation.decided).toBe(
    'Server and resource both grant it, and nothing denies it any more. ' +
      'Without what was lifted it would be denied: protected_branch.',
  );
  expect(explanation.obligations).toEqual(['kept for the audit, as all that a permit lifts']);
});

test.for([
  { what: 'has ended', part: { expires_at: '2026-03-02T12:00:00Z' }, why: 'it ended 2026-03-02 12:00:00 UTC' },
  { what: 'has not begun', part: { not_before: '2026-03-02T12:00:01Z' }, why: 'it begins 2026-03-02 12:00:01 UTC' },
  { what: 'is too long', part: { expires_at: '2026-04-05T00:00:00Z' }, why: 'it is longer than 30 days' },
  { what: 'is one person’s', part: { approved_by: 'ANA' }, why: 'one person has asked for it and approved it' },
  { what: 'is shadowed', part: { mode: 'shadow' }, why: 'it is in mode shadow' },
] as const)('a permit that names the denial and $what is told with why it lifts nothing', ({ part, why }) => {
  const facts = aDenied(permitting({ ...PERMIT, ...part }));
  expect(explain(aSealed(facts), NO_WORDS).denials).toMatchObject([
    { denial: 'code-host/GH-201', fate: 'denies', liftable: true, not_lifted: [{ by: 'override/INC-7', why }] },
  ]);
});

test.for([
  {
    what: 'identity ends it',
    opinion: anOpinion({ layer: 'identity', deny: [aVerdict('ID-1')] }),
    decided: 'Identity is the gate: its denial ends it before any other layer is asked, and nothing lifts it.',
  },
  {
    what: 'an override’s denial is final',
    opinion: anOpinion({ layer: 'override', deny: [aVerdict('O-1')] }),
    decided: 'A denial of layer override is final: no permit lifts it, no grant outweighs it.',
  },
  {
    what: 'compliance cannot be lifted',
    opinion: anOpinion({ layer: 'compliance', deny: [aVerdict('CO-1', { liftable: false })] }),
    decided: 'compliance/CO-1 outweighs that. It is of a kind that no permit lifts.',
  },
  {
    what: 'a failed bundle denies',
    opinion: anOpinion({ layer: 'workflow', status: 'timeout' }),
    decided: 'A policy of layer workflow has not answered. Doubt denies, whatever the others say; nothing lifts it.',
  },
  {
    what: 'two denials stand side by side',
    opinion: anOpinion({ layer: 'workflow', deny: [aVerdict('W-1'), aVerdict('W-2')] }),
    decided: 'One more denial stands beside it.',
  },
  {
    what: 'an obligation that nobody carries out denies',
    opinion: anOpinion({ layer: 'workflow', obligations: [anObligation({ type: 'unknown', name: 'notify' })] }),
    decided: 'A rule demands what this gateway cannot carry out. Doubt denies, and nothing lifts it.',
  },
  {
    what: 'an approval is waited for',
    opinion: anOpinion({ layer: 'workflow', obligations: [anApproval('user')] }),
    decided: 'Nothing denies it. An approval that a rule asks for is not there yet',
  },
])('why this decision and no other: $what', ({ opinion, decided }) => {
  expect(explain(aSealed(someFacts([...GRANTING, opinion])), NO_WORDS).decided).toContain(decided);
});

test('a layer that must grant and does not is named', () => {
  const facts = someFacts([...GRANTING.slice(0, 1), anOpinion({ layer: 'resource' })]);
  expect(explain(aSealed(facts), NO_WORDS).decided).toBe(
    'Server and resource must both grant a call; of layer resource no rule does.',
  );
});

test('of a limit that had no room it is said when there is room again', () => {
  const limit = anObligation({ type: 'rate_limit', key: ['agent.id'], limit: 3, window_s: 60 });
  const fact = { counter: 'agent.id/60s', resets_at: '2026-03-02T12:01:00.000Z', cost: 1, limit: 3 } as const;
  const explained = (status: 'reserved' | 'refused') =>
    explain(
      aSealed(
        someFacts([...GRANTING, anOpinion({ layer: 'workflow', obligations: [limit] })], {
          reservations: [{ ...fact, status }],
        }),
      ),
      NO_WORDS,
    );
  expect(explained('refused')).toMatchObject({
    remedies: ['Wait until 2026-03-02T12:01:00.000Z.'],
    obligations: ['at most 3 in 60 s for each agent.id: no room, begins anew 2026-03-02 12:01:00 UTC'],
    would_allow: { ways: ['room in agent.id/60s, from 2026-03-02 12:01:00 UTC'] },
  });
  expect(explained('reserved').remedies).toEqual([]);
});

test.for([
  { status: undefined, said: 'not there yet' },
  { status: 'open', said: 'not there yet' },
  { status: 'met', said: 'given' },
  { status: 'denied', said: 'refused' },
  { status: 'expired', said: 'not given in time' },
] as const)('an approval that is $said is told with its terms', ({ status, said }) => {
  const asking = anOpinion({ layer: 'workflow', obligations: [anApproval('group:owners', 2)] });
  const approvals = status === undefined ? [] : [{ by: 'group:owners', status }];
  const { obligations } = explain(aSealed(someFacts([...GRANTING, asking], { approvals })), NO_WORDS);
  expect(obligations).toEqual([`approval by group:owners (2 people, within 600 s): ${said}`]);
});

test('an approval is told with who has approved, and the id under which its story is found', () => {
  const asking = anOpinion({ layer: 'workflow', obligations: [anApproval('group:owners', 2)] });
  const approvals = [{ by: 'group:owners', status: 'open', id: 'd-1', approved_by: ['dana'] }] as const;
  const { obligations } = explain(aSealed(someFacts([...GRANTING, asking], { approvals })), NO_WORDS);
  expect(obligations).toEqual([
    'approval by group:owners (2 people, within 600 s): not there yet, approved by dana; approval d-1',
  ]);
});

test('what would allow it is told in words, permits in one', () => {
  const facts = someFacts([DENIED, anOpinion({ layer: 'resource' })]);
  expect(explain(aSealed(facts), NO_WORDS).would_allow).toEqual({
    ways: [
      'a call to which code-host/GH-201 does not apply, and a rule of layer resource that grants it',
      'a permit of two people that lifts code-host/GH-201 and gateway.no_grant.resource',
    ],
    note: '',
  });
});

test('over a sample of all combinations of layers, every decision has a reason in words and follows from its record', () => {
  // A prime, so that the sample meets every state of every layer.
  const sample = everyCombination().filter((_, index) => index % 1009 === 0);
  const explanations = sample.map((opinions) => explain(aSealed(someFacts(opinions)), NO_WORDS));
  expect(explanations.filter(({ decided, follows }) => decided === '' || !follows)).toEqual([]);
});

test.for([
  { opinions: [], words: 'passed on, of call c-1' },
  { opinions: [DENIED], words: 'withheld; call c-1 itself ran' },
])('of a result it is said what became of it: $words', ({ opinions, words }) => {
  const facts = { ...someFacts(opinions), action: 'tool_result' as const };
  expect(explain({ ...aSealed(facts), call: 'c-1' }, NO_WORDS).afterwards).toBe(words);
});

test('a record that was changed is told of', () => {
  expect(explain({ ...aSealed(aDenied()), effect: 'allow', reasons: [] }, NO_WORDS).follows).toBe(false);
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
  {
    name: 'a rule in a mode of its own',
    opinion: anOpinion({ layer: 'workflow', deny: [aVerdict('W-1', { reason: 'slow', mode: 'warn' })] }),
    said: 'DENY W-1 slow (warn)',
  },
  {
    name: 'an identity',
    opinion: anOpinion({
      layer: 'identity',
      capabilities: [{ id: 'I-1', kind: 'server', value: 'code-host', mode: 'enforce' }],
    }),
    said: 'reach server code-host',
  },
])('what each bundle said: $name', ({ opinion, said }) => {
  const { steps } = explain(aSealed(someFacts([opinion])), NO_WORDS);
  expect(steps.map((step) => step.said)).toEqual([said]);
});

test('on whose behalf the agent asked is said, and what was said of each of them', () => {
  const verdict = aVerdict('ID-1', { reason: 'agent_disabled' });
  const facts = someFacts([
    anOpinion({ layer: 'identity', bundle: 'identity' }),
    anOpinion({ layer: 'identity', bundle: 'identity', agent: 'lead', deny: [verdict] }),
  ]);
  const record = aSealed(facts);
  const { agent, user } = record.principal;
  const delegated = { ...record, principal: { agent: { ...agent, delegated_by: ['lead'] }, user } };
  const { who, because, steps } = explain(delegated, NO_WORDS);
  expect(who).toContain('on behalf of lead');
  expect(because.join(' ')).toContain('agent_disabled');
  expect(steps.map(({ said }) => said)).toEqual(['no objection', 'of lead: DENY ID-1 agent_disabled']);
});

test.for([
  { status: 'ok', words: 'forwarded; ended ok after 12 ms' },
  { status: 'unknown', words: 'forwarded; what became of it is not known' },
  { status: 'not_forwarded', words: 'nothing was forwarded' },
] as const)('an outcome $status is said: $words', ({ status, words }) => {
  const outcome = { id: 'x', status, withheld: false, ms: 12, record_us: 60, settled: [], seq: 2, hash: '' };
  const { afterwards, timing } = explain({ ...aSealed(someFacts(GRANTING)), outcome }, NO_WORDS);
  expect(afterwards).toBe(words);
  expect(timing).toBe('decided in 0.12 ms, of which the policies took 0.00 ms, recorded in 0.06 ms');
});

test.for([
  { action: 'resource_read', deed: 'assistant may not read a resource on code-host.' },
  { action: 'sampling', deed: 'assistant may not be asked by code-host (sampling).' },
  { action: 'tool_list', deed: 'assistant may not see merge on code-host.' },
  { action: 'method', deed: 'assistant may not use this method on code-host.' },
] as const)('what was asked is said of $action', ({ action, deed }) => {
  const own = { reason: 'gateway.out_of_scope', internal: '', rules: [], params: {} };
  expect(explain(aSealed({ ...someFacts([], { own: [own] }), action }), NO_WORDS).sentence).toBe(deed);
});

function aDenied(...more: SealedRecord['layers']): CombineInput {
  return someFacts([DENIED, ...[RESOURCE].flatMap((one) => one ?? []), ...more]);
}

function permitting(permit: ReturnType<typeof aPermit>): SealedRecord['layers'][number] {
  return anOpinion({ layer: 'override', permit: [permit] });
}

function anApproval(by: string, quorum = 1): ReturnType<typeof anObligation> {
  return anObligation({ type: 'require_approval', by, quorum, ttl_s: 600, remember: 'never' });
}

/** As the gateway would have recorded it. */
function aSealed(facts: CombineInput): SealedRecord {
  const { effect, reasons, reason_internal, matched_rules, lifted, obligations } = combine(facts);
  const decided = { effect, reasons, reason_internal, matched_rules, lifted, obligations };
  const { record } = aRuling();
  return { ...record, ...facts, ...decided, seq: 1, chain: 'c', instance: 'i', hash: 'h', outcome: null };
}
