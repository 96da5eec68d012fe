import { expect, test } from 'vitest';
import type { Opinion } from '../../src/core/opinion.ts';
import { adviseAgainst, adviseFor, type AdviceFacts } from '../../src/gateway/advice.ts';
import { buildInput } from '../../src/gateway/build-input.ts';
import type { RecordKeeper } from '../../src/gateway/governing.ts';
import { keepRuling } from '../../src/gateway/keep-ruling.ts';
import { rule, type Ruling } from '../../src/gateway/rule.ts';
import { reproduces } from '../../src/policy/combine-record.ts';
import { PolicySet } from '../../src/policy/policy-set.ts';
import { decisionIds } from '../../src/state/decision-id.ts';
import { DecisionReader } from '../../src/state/decision-reader.ts';
import { anObligation, anOpinion, aVerdict } from '../policy/decision-makers.ts';
import { realClock } from '../state/records.ts';
import { aPlace, aStore } from '../state/support.ts';
import { aCaller, aRoute, ENVIRONMENT, LABELS, NOW } from './makers.ts';

const nextId = decisionIds(realClock);
const UNTIL = '2026-03-02T12:01:00.000Z';

test('an allow that a limit has no room for is a denial, and the denial is what is on record', async () => {
  const { log, place } = await aStore(aPlace());
  const allowed = await keepRuling(aRuling(), log);
  const denied = await keepRuling(aRuling(), log);
  expect([allowed, denied].map(({ decision }) => decision.effect)).toEqual(['allow', 'deny']);
  expect(denied.decision.reasons).toEqual(['gateway.counter.agent.id/60s']);
  expect(denied.decision.matched_rules).toEqual(['pace/OB-1']);

  const reader = new DecisionReader(place);
  const records = await Promise.all([allowed, denied].map(({ record }) => reader.find(record.id)));
  await reader.close();
  expect(records.map(({ effect }) => effect)).toEqual(['allow', 'deny']);
  expect(records.map(({ combine }) => combine.reservations)).toEqual([
    [{ counter: 'agent.id/60s', status: 'reserved', resets_at: UNTIL, cost: 1, limit: 1 }],
    [{ counter: 'agent.id/60s', status: 'refused', resets_at: UNTIL, cost: 1, limit: 1 }],
  ]);
  expect(records.map((record) => reproduces(record))).toEqual([true, true]);
});

test('the agent hears how much is left and when there is more', async () => {
  const { log } = await aStore(aPlace());
  const allowed = await keepRuling(aRuling(), log);
  expect(adviseFor(aboutCall(allowed)).metadata).toMatchObject({ rate_limit_remaining: 0, resets_at: UNTIL });
  const { object, text } = adviseAgainst(aboutCall(await keepRuling(aRuling(), log)));
  expect(object.metadata).toMatchObject({ rate_limit_remaining: 0, resets_at: UNTIL, retry: 'after' });
  expect(text).toContain(`What would work: Wait until ${UNTIL}; then it can be done again.`);
});

test('of several limits the one that has the least left is told, and of several that refuse the last to end', async () => {
  const { log } = await aStore(aPlace());
  const ruling = (): Ruling => aRuling([aRate({ limit: 2, window_s: 3600 }), aRate({ limit: 7 })]);
  expect((await keepRuling(ruling(), log)).limits).toEqual({ remaining: 1, resetsAt: '2026-03-02T13:00:00.000Z' });
  const none = [aRate({ limit: 0, window_s: 3600 }), aRate({ limit: 0 })];
  const denied = await keepRuling(aRuling(none), log);
  expect(denied.limits).toEqual({ remaining: 0, resetsAt: '2026-03-02T13:00:00.000Z' });
  expect(denied.decision.reasons).toEqual(['gateway.counter.agent.id/3600s', 'gateway.counter.agent.id/60s']);
});

test('a denial charges nothing', async () => {
  const ruling = aRuling([aRate({})], [aVerdict('D-1')]);
  expect(ruling.decision.effect).toBe('deny');
  expect(ruling.charges).toEqual([]);
  expect(ruling.record.combine.reservations).toEqual([]);
});

test('where the store fails, so does the ruling', async () => {
  const log: RecordKeeper = {
    append: () => Promise.reject(new Error('disk full')),
    commit: async () => ({ refused: [0] }),
    settle: () => undefined,
  };
  await expect(keepRuling(aRuling(), log)).rejects.toThrow('disk full');
  const broken = { ...log, commit: () => Promise.reject(new Error('disk full')) };
  await expect(keepRuling(aRuling(), broken)).rejects.toThrow('disk full');
});

function aRate(part: Readonly<Record<string, unknown>>): ReturnType<typeof anObligation> {
  return anObligation({ id: 'OB-1', type: 'rate_limit', key: ['agent.id'], limit: 1, window_s: 60, ...part });
}

function aRuling(obligations = [aRate({})], deny: Opinion['deny'] = []): Ruling {
  const opinions = [
    anOpinion({ layer: 'server', allow: [aVerdict('S-1')] }),
    anOpinion({ layer: 'resource', allow: [aVerdict('R-1')] }),
    anOpinion({ layer: 'workflow', bundle: 'pace', obligations, deny }),
  ];
  const { server, facts } = aRoute();
  const { principal } = aCaller();
  const about = { action: 'tool_call', principal, server: server.facts, tool: facts } as const;
  const input = buildInput({ ...about, environment: ENVIRONMENT, now: NOW });
  const asked = { caller: aCaller(), action: 'tool_call', server: server.id, tool: facts.tool } as const;
  const clock = { now: () => NOW, monotonic: () => 0 };
  return rule(
    { ...asked, own: [], input, dropped: [], traceId: '' },
    {
      policy: new Scripted(opinions),
      clock,
      newId: nextId,
      mask: { maskInput: (whole) => ({ input: whole, masked: [], hidden: new Set() }), maskQuotes: (value) => value },
      labels: LABELS,
    },
  );
}

/** Its bundles say what the test says. */
class Scripted extends PolicySet {
  readonly #opinions: readonly Opinion[];

  constructor(opinions: readonly Opinion[]) {
    const clock = { now: () => NOW, monotonic: () => 0 };
    super({ generation: 'g', participants: [], respondents: new Map(), required: [], evaluationFuel: 1, clock });
    this.#opinions = opinions;
  }

  override evaluate(question: Parameters<PolicySet['evaluate']>[0]): ReturnType<PolicySet['evaluate']> {
    return { ...super.evaluate(question), opinions: this.#opinions };
  }
}

function aboutCall({ record, decision, ruleText, limits }: Ruling): AdviceFacts {
  return { decisionId: record.id, policyVersion: 'g', decision, subject: 'read on files', ruleText, limits };
}
