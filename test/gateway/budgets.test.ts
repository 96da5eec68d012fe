import { describe, expect, test } from 'vitest';
import type { Charge } from '../../src/core/charge.ts';
import type { JsonObject } from '../../src/core/json.ts';
import { parseResultBytes } from '../../src/core/lossless-json.ts';
import type { RpcAnswer } from '../../src/core/rpc.ts';
import { adviseAgainst } from '../../src/gateway/advice.ts';
import { Conversations } from '../../src/gateway/conversation.ts';
import { costsIn } from '../../src/gateway/found-costs.ts';
import type { Forwarded } from '../../src/gateway/forward.ts';
import type { CountReader, Governing } from '../../src/gateway/governing.ts';
import { keepRuling } from '../../src/gateway/keep-ruling.ts';
import { recallBudgets } from '../../src/gateway/recall-budgets.ts';
import { makeBundle } from '../../src/policy/bundle.ts';
import { type Counter, countersIn } from '../../src/policy/counters.ts';
import { reproduces } from '../../src/policy/combine-record.ts';
import { PolicySet } from '../../src/policy/policy-set.ts';
import { anOpinion, aVerdict } from '../policy/decision-makers.ts';
import { aHold, aRecord, silent } from '../state/records.ts';
import { aPlace, aStore } from '../state/support.ts';
import { aCaller, aRoute, aRuling, ENVIRONMENT, LABELS, RESULTS, NOW } from './makers.ts';

describe('what a call really cost', () => {
  test.for<readonly [string, string, string, number | undefined, boolean]>([
    ['what the server reports', 'result._meta.usage.cost', '{"_meta":{"usage":{"cost":0.125}}}', 0.125, false],
    ['thousandths, rounded up', 'result._meta.usage.cost', '{"_meta":{"usage":{"cost":0.0101}}}', 0.011, false],
    ['not more than is said', 'result._meta.usage.cost', '{"_meta":{"usage":{"cost":1.001}}}', 1.001, false],
    ['at any depth', 'result._meta.usage.tokens.total', '{"_meta":{"usage":{"tokens":{"total":7}}}}', 7, false],
    ['unknown where nothing is said', 'result._meta.usage.cost', '{"_meta":{}}', undefined, false],
    ['unknown where it is negative', 'result._meta.usage.cost', '{"_meta":{"usage":{"cost":-1}}}', undefined, false],
    ['unknown where it is text', 'result._meta.usage.cost', '{"_meta":{"usage":{"cost":"5"}}}', undefined, false],
    ['unknown where it is huge', 'result._meta.usage.cost', '{"_meta":{"usage":{"cost":1e300}}}', undefined, false],
    [
      'unknown where no double has it',
      'result._meta.usage.cost',
      '{"_meta":{"usage":{"cost":9223372036854775807}}}',
      undefined,
      false,
    ],
    ['its bytes', 'result.bytes', '{"text":"größer"}', 19, false],
    ['its tokens, estimated from its bytes', 'result.tokens', '{"text":"größer"}', 5, true],
  ])('is %s', ([, settleFrom, text, cost, estimated]) => {
    const charge = aHold({}, { settleFrom });
    const expected = cost === undefined ? [] : [['workflow/weekly', { cost, estimated }]];
    expect([...costsIn([charge], answered(text))]).toEqual(expected);
  });

  test('is not looked for where it is known, or where there is no result', () => {
    const asked = [aHold({}, { settleFrom: 'result.bytes' })];
    const failed: RpcAnswer = { kind: 'failure', error: { code: 1, message: '' } };
    expect(costsIn(asked, { kind: 'answered', status: 'protocol_error', ms: 1, answer: failed }).size).toBe(0);
    expect(costsIn(asked, { kind: 'failed', status: 'timeout', ms: 1, text: '' }).size).toBe(0);
    expect(costsIn([aHold({}, { settleFrom: '' })], answered('{}')).size).toBe(0);
  });

  function answered(text: string): Forwarded {
    const parsed = parseResultBytes(Buffer.from(text));
    const result: JsonObject = parsed.kind === 'ok' ? parsed.value : {};
    return { kind: 'answered', status: 'ok', ms: 1, answer: { kind: 'result', result } };
  }
});

describe('a counter without room', () => {
  test('denies, says when there is room again, and the record follows from itself', async () => {
    const { log } = await aStore(aPlace());
    const charge = aHold({ cost: 20 });
    const denied = await keepRuling(charging([charge]), log);
    expect(denied.decision).toMatchObject({ effect: 'deny', reasons: ['gateway.counter.workflow/weekly'] });
    const resets_at = new Date(charge.window.endsMs).toISOString();
    const fact = { counter: 'workflow/weekly', status: 'refused', resets_at, cost: 20, limit: 10 };
    expect(denied.record.combine.reservations).toEqual([fact]);
    expect(denied.limits).toEqual({ remaining: 0, resetsAt: resets_at });
    expect(reproduces(denied.record)).toBe(true);
  });

  test('that slides says when enough has drained', async () => {
    const { log } = await aStore(aPlace());
    const now = Date.UTC(2100, 5);
    const charge = aHold({
      cost: 6,
      window: { startsMs: now - 100_000, endsMs: now, kind: 'sliding' },
      terms: undefined,
    });
    const time = new Date(now).toISOString();
    await log.commit(aRecord({ time }), '{}', [{ kind: 'take', charge }]);
    const ruling = charging([charge]);
    const denied = await keepRuling({ ...ruling, record: { ...ruling.record, time } }, log);
    expect(denied.limits?.resetsAt).toBe(new Date(now + 20_000).toISOString());
  });

  test('that never begins anew is not waited for', async () => {
    const { log } = await aStore(aPlace());
    const forGood = aHold({ cost: 20, window: { startsMs: 0, endsMs: 8.64e15, kind: 'lasting' } });
    const denied = await keepRuling(charging([forGood, aHold({ cost: 20 })]), log);
    const { decision, ruleText, limits } = denied;
    const { text, object } = adviseAgainst({
      decisionId: 'd',
      policyVersion: 'g',
      decision,
      subject: 'x',
      ruleText,
      limits,
    });
    expect(object.metadata).toMatchObject({ retry: 'never', resets_at: '' });
    expect(text).toContain('whoever runs the gateway can raise the limit');
  });

  function charging(charges: readonly Charge[]): ReturnType<typeof aRuling> {
    const ruling = aRuling();
    const layers = [
      anOpinion({ layer: 'server', allow: [aVerdict('S-1')] }),
      anOpinion({ layer: 'resource', allow: [aVerdict('R-1')] }),
    ];
    return { ...ruling, record: { ...ruling.record, layers }, charges };
  }
});

describe('budgets that policies read', () => {
  const facts = { action: 'tool_call', principal: aCaller().principal, ...aRoute(), conversation: 'c-1' } as const;
  const about = { ...facts, delegators: undefined, server: facts.server.facts, tool: facts.facts };

  test('are those of the agent that asks, as the store has them', async () => {
    const asked: string[] = [];
    const governing = aGoverning(async (places) => {
      asked.push(...places.map(({ bucket }) => bucket));
      return [{ used: 3, reserved: 1, asOfMs: 0 }];
    });
    expect(await recallBudgets(about, governing)).toEqual({
      'pace/daily': {
        limit: 10,
        ratio: 0.4,
        remaining: 6,
        reserved: 1,
        resets_at: '2026-03-03T00:00:00.000Z',
        used: 3,
      },
    });
    expect(asked.map((bucket) => JSON.parse(bucket))).toMatchObject([{ key: { 'agent.id': 'assistant' } }]);
  });

  test('are left out where the store cannot be read', async () => {
    expect(
      await recallBudgets(
        about,
        aGoverning(() => Promise.reject(new Error('disk full'))),
      ),
    ).toEqual({});
  });

  test('cost nothing where no bundle reads any', async () => {
    const governing = aGoverning(() => Promise.reject(new Error('read')), []);
    expect(await recallBudgets(about, governing)).toEqual({});
  });

  function aGoverning(readCounts: CountReader['readCounts'], counters: readonly Counter[] = [aCounter()]): Governing {
    const clock = { now: () => NOW, monotonic: () => 0 };
    const mask = {
      maskInput: () => ({ input: {}, masked: [], hidden: new Set() }),
      maskQuotes: (value: unknown) => value,
    };
    return {
      court: () => ({ policy: new Reading(counters), clock, newId: () => 'id', mask: mask as never, labels: LABELS }),
      environment: ENVIRONMENT,
      conversations: new Conversations(clock),
      log: { append: async () => undefined, commit: async () => ({ refused: [0] }), settle: () => undefined },
      budgets: { readCounts },
      readLabels: async () => [],
      results: RESULTS,
      clock,
      logger: silent,
    };
  }
});

/** Its bundles read the counters that the test names. */
class Reading extends PolicySet {
  readonly #read: readonly Counter[];

  constructor(read: readonly Counter[]) {
    const clock = { now: () => NOW, monotonic: () => 0 };
    super({ generation: 'g', participants: [], respondents: new Map(), required: [], evaluationFuel: 1, clock });
    this.#read = read;
  }

  override countersRead(): readonly Counter[] {
    return this.#read;
  }
}

function aCounter(): Counter {
  const declared = {
    name: 'daily',
    unit: 'calls',
    key: ['agent.id'],
    window: { kind: 'calendar', unit: 'day' },
    limit: 10,
  };
  const manifest = { roots: ['pace'], metadata: { gateway: { contract: 1, layer: 'workflow', counters: [declared] } } };
  const files = { '.manifest': JSON.stringify(manifest), 'policy.rego': 'package pace\n' };
  const bytes = new Map(Object.entries(files).map(([name, text]) => [name, Buffer.from(text)]));
  const [counter] = countersIn(makeBundle('pace', { source: 'pace', files: bytes }));
  if (counter === undefined) throw new Error('there is no counter');
  return counter;
}
