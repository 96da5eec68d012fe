import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import { makeBundle } from '../../src/policy/bundle.ts';
import { budgetOf, viewOf } from '../../src/policy/budget-views.ts';
import { chargesOf } from '../../src/policy/charges.ts';
import { budgetViewOf, counterBook } from '../../src/policy/counter-book.ts';
import { countedBy, type Counter, countersIn } from '../../src/policy/counters.ts';
import type { Place } from '../../src/policy/participant.ts';
import { TOTAL_INPUT } from '../../src/policy/total-input.ts';
import { anObligation, anOpinion, NOW, someFacts } from './decision-makers.ts';

const WEEKLY = {
  name: 'weekly',
  unit: 'points',
  key: ['agent.id'],
  window: { kind: 'calendar', unit: 'week', tz: 'Europe/Berlin', start: 'mon' },
  limit: 100,
};
const INPUT = {
  ...TOTAL_INPUT,
  agent: { ...TOTAL_INPUT.agent, id: 'claude' },
  server: { ...TOTAL_INPUT.server, id: 'code-host' },
  action: { ...TOTAL_INPUT.action, tool: 'merge' },
  context: { ...TOTAL_INPUT.context, conversation_id: 'c-1' },
};

function aBundle(
  counters: readonly JsonObject[],
  { id = 'pace', config = {} }: { id?: string; config?: JsonObject } = {},
) {
  const manifest = { roots: ['pace'], metadata: { gateway: { contract: 1, layer: 'workflow', counters } } };
  const files = {
    '.manifest': JSON.stringify(manifest),
    'policy.rego': 'package pace\n',
    'data.json': JSON.stringify({ pace: { config } }),
  };
  const bytes = Object.entries(files).map(([name, text]) => [name, Buffer.from(text)] as const);
  return makeBundle(id, { source: id, files: new Map(bytes) });
}

function aCounter(part: JsonObject = {}, config: JsonObject = {}): Counter {
  const [counter] = countersIn(aBundle([{ ...WEEKLY, ...part }], { config }));
  if (counter === undefined) throw new Error('there is no counter');
  return counter;
}

describe('a counter is refused', () => {
  test.for<readonly [string, JsonObject, string]>([
    ['without a unit', { unit: '' }, '/0/unit'],
    ['keyed by an argument', { key: ['action.args.user'] }, '/0/key/0: a key is one of'],
    ['keyed by what a client claims', { key: ['claims.conversation_id'] }, '/0/key/0'],
    ['without a kind of window', { window: { unit: 'day' } }, 'a window is of kind'],
    ['with a window nobody knows', { window: { kind: 'tumbling' } }, 'a window is of kind'],
    ['in no time zone', { window: { ...WEEKLY.window, tz: 'Europe/Atlantis' } }, 'no time zone of the IANA database'],
    ['in the zone of the machine', { window: { ...WEEKLY.window, tz: 'Local' } }, '/0/window/tz'],
    ['with a month that starts on a day', { window: { ...WEEKLY.window, unit: 'month' } }, 'only a week has a day'],
    [
      'with a week that starts on no day',
      { window: { ...WEEKLY.window, start: 'pay day' } },
      'a week starts on one of',
    ],
    ['with a window of no length', { window: { kind: 'sliding', seconds: 0 } }, '/0/window/seconds'],
    ['with seconds in a calendar', { window: { kind: 'calendar', unit: 'day', seconds: 5 } }, '/0/window'],
    ['with a negative limit', { limit: -1 }, '/0/limit'],
    ['with a limit of thousandths of a thousandth', { limit: 0.0001 }, '/0/limit'],
    ['with a limit that no double counts to', { limit: 1e13 }, '/0/limit'],
    ['with a limit from others’ data', { limit: { from: 'data.other.config.limit' } }, '/0/limit: data.other.config'],
    ['with a limit from what is no setting', { limit: { from: 'data.pace.limits' } }, '/0/limit'],
    [
      'with a limit that is not there',
      { limit: { from: 'data.pace.config.limit' } },
      '/0/limit: data.pace.config.limit',
    ],
    ['with a limit that is no number', { limit: { from: 'data.pace.config.word' } }, 'is no number'],
    ['with a table that is none', { reserve: { from: 'data.pace.config.word' } }, 'is no table of costs'],
    ['with a bad cost in its table', { reserve: { from: 'data.pace.config.bad' } }, 'has for merge no number'],
    ['with a table that leaves tools out', { reserve: { from: 'data.pace.config.some' } }, 'has no cost for *'],
    ['with the most of nothing', { reserve: 'max' }, 'reserve_cap, which is missing'],
    ['with an unknown cost of the most of nothing', { on_unknown_cost: 'max' }, 'reserve_cap, which is missing'],
    ['with a cost from the arguments', { settle: { from: 'args.cost' } }, '/0/settle/from'],
    ['that lets through what it cannot count', { on_unavailable: 'allow' }, 'what cannot be counted is denied'],
    ['with a member nobody knows', { colour: 'blue' }, 'colour'],
  ])('%s', ([, part, words]) => {
    const config = { word: 'ten', bad: { merge: -1, '*': 1 }, some: { merge: 1 } };
    expect(() => aCounter(part, config)).toThrow(words);
  });

  test('that has the name of another', () => {
    expect(() => aBundle([WEEKLY, WEEKLY])).toThrow('two counters are called weekly');
  });
});

describe('a call is charged', () => {
  test('what the policy says, by the key’s values, in the window that it falls into', () => {
    expect(charged(aCounter(), 2.5)).toEqual([
      {
        counter: 'pace/weekly',
        bucket:
          '{"counter":"pace/weekly","key":{"agent.id":"claude"},"unit":"points","version":1,"window":"calendar week, Europe/Berlin, from monday"}',
        cost: 2.5,
        limit: 100,
        window: {
          startsMs: Date.parse('2026-03-01T23:00:00Z'),
          endsMs: Date.parse('2026-03-08T23:00:00Z'),
          endsAt: '2026-03-08T23:00:00.000Z',
        },
        terms: expect.objectContaining({ unit: 'points', onExpire: 'settle', onUpstreamError: 'keep', settleFrom: '' }),
      },
    ]);
  });

  test('the highest cost that anybody says', () => {
    expect(charged(aCounter(), 1, 7, 3)).toMatchObject([{ cost: 7 }]);
  });

  test.for<readonly [string, JsonObject, number, number]>([
    ['a constant', { reserve: 4 }, 0, 4],
    ['a constant, unless the policy says more', { reserve: 4 }, 6, 6],
    ['the most', { reserve: 'max', reserve_cap: 12.5 }, 0, 12.5],
    ['the cost of the tool', { reserve: { from: 'data.pace.config.costs' } }, 0, 5],
    ['no more than the cap', { reserve: { from: 'data.pace.config.costs' }, reserve_cap: 3 }, 0, 3],
    ['the cost of the server’s tool first', { reserve: { from: 'data.pace.config.by_server' } }, 0, 8],
    ['what all others cost', { reserve: { from: 'data.pace.config.others' } }, 0, 2],
  ])('%s', ([, part, said, cost]) => {
    const config = {
      costs: { merge: 5, '*': 1 },
      by_server: { merge: 5, 'code-host/merge': 8, '*': 1 },
      others: { read: 5, '*': 2 },
    };
    expect(charged(aCounter(part, config), said)).toMatchObject([{ cost }]);
  });

  test('by the conversation where the window is a session’s', () => {
    const [charge] = charged(aCounter({ window: { kind: 'session' } }), 1);
    expect(charge?.bucket).toContain('"context.conversation_id":"c-1"');
    expect(charge?.window.kind).toBe('lasting');
  });

  test('on another count where unit, version, window or key are others, and on the same where the limit is', () => {
    const bucketOf = (part: JsonObject): string | undefined => charged(aCounter(part), 1)[0]?.bucket;
    const others = [{ unit: 'calls' }, { version: 2 }, { window: { kind: 'lifetime' } }, { key: ['user.id'] }];
    expect(new Set([{}, ...others].map(bucketOf)).size).toBe(5);
    expect(bucketOf({ limit: 5 })).toBe(bucketOf({}));
  });
});

describe('what a policy reads of a budget', () => {
  const count = { used: 60, reserved: 25, asOfMs: NOW };

  test('tells used from reserved', () => {
    expect(budgetOf(countedBy(aCounter(), INPUT, NOW), count, NOW)).toEqual({
      limit: 100,
      ratio: 0.85,
      remaining: 15,
      reserved: 25,
      resets_at: '2026-03-08T23:00:00.000Z',
      used: 60,
    });
  });

  test('is there before anything was charged', () => {
    const fresh = budgetOf(countedBy(aCounter(), INPUT, NOW), undefined, NOW);
    expect(fresh).toMatchObject({ used: 0, reserved: 0, ratio: 0, remaining: 100 });
  });

  test('is full where nothing is allowed, and never less than empty', () => {
    expect(budgetOf(countedBy(aCounter({ limit: 0 }), INPUT, NOW), undefined, NOW)).toMatchObject({ ratio: 1 });
    expect(budgetOf(countedBy(aCounter({ limit: 50 }), INPUT, NOW), count, NOW)).toMatchObject({
      ratio: 1.7,
      remaining: 0,
    });
  });

  test('drains in a sliding window, and is reset when it has', () => {
    const sliding = countedBy(aCounter({ window: { kind: 'sliding', seconds: 100 } }), INPUT, NOW + 10_000);
    expect(budgetOf(sliding, { ...count, reserved: 0 }, NOW + 10_000)).toMatchObject({
      used: 50,
      resets_at: new Date(NOW + 60_000).toISOString(),
    });
  });

  test.for(['session', 'lifetime'])('has no time to begin anew in a %s', (kind) => {
    expect(budgetOf(countedBy(aCounter({ window: { kind } }), INPUT, NOW), count, NOW).resets_at).toBe('');
  });
});

test('a bundle sees its own counters, those of the organisation also what others of them share', () => {
  const everywhere: Place = { kind: 'organisation', scope: { servers: ['*'], agents: ['*'], tools: ['*'] } };
  const server: Place = { kind: 'server', server: 'code-host' };
  const shared = { ...WEEKLY, name: 'shared', shared: true };
  const owners = [
    { id: 'pace', place: everywhere, bundle: aBundle([WEEKLY, shared]) },
    { id: 'rules', place: everywhere, bundle: aBundle([], { id: 'rules' }) },
    { id: 'code-host', place: server, bundle: aBundle([shared], { id: 'code-host' }) },
  ];
  const book = counterBook(owners);
  const seen = owners.map((owner) =>
    budgetViewOf(book.visibleTo(owner)).map(({ name, counter }) => `${name} ${counter}`),
  );
  expect(seen).toEqual([
    ['shared pace/shared', 'weekly pace/weekly'],
    ['pace/shared pace/shared'],
    ['shared code-host/shared'],
  ]);
  expect([...book.counters.keys()]).toEqual(['code-host/shared', 'pace/shared', 'pace/weekly']);
});

test('a view is of all counters that a bundle reads or of none', () => {
  const budget = budgetOf(countedBy(aCounter(), INPUT, NOW), undefined, NOW);
  const view = [{ name: 'weekly', counter: 'pace/weekly' }];
  expect(viewOf(view, { 'pace/weekly': budget, 'rules/other': budget })).toEqual({ weekly: budget });
  expect(viewOf(view, { 'rules/other': budget })).toBeUndefined();
});

function charged(counter: Counter, ...costs: readonly number[]): ReturnType<typeof chargesOf> {
  const obligations = costs.map((cost) => anObligation({ type: 'counter', name: 'weekly', cost }));
  const facts = someFacts([anOpinion({ layer: 'workflow', bundle: 'pace', obligations })]);
  return chargesOf(facts, { input: INPUT, counters: new Map([[counter.fullName, counter]]) });
}
