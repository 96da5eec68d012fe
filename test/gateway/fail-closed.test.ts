import * as fc from 'fast-check';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import type { Mode } from '../../src/core/opinion.ts';
import type { DecisionRecord } from '../../src/core/record.ts';
import type { RpcAnswer } from '../../src/core/rpc.ts';
import { toolchain } from '../shared-toolchain.ts';
import { anyEngineFault, noDecision, noElement, storeFaults, throwing } from './faults.ts';
import { aGateway, type World } from './a-gateway.ts';
import { BUNDLES, type Fault, faultyPolicies, layerOf, type SetWish } from './faulty-policy.ts';
import { aCaller, NOW } from './makers.ts';

/** Rounds of each property. */
const ROUNDS = { numRuns: 1_000, endOnFailure: true };
/** Of these so many have a real fault, which costs an instance of the module; in the others the engine answers for it. */
const REAL = { weight: 1, arbitrary: fc.constant(true) };
const INJECTED = { weight: 100, arbitrary: fc.constant(false) };

let policy: Awaited<ReturnType<typeof faultyPolicies>>;
beforeAll(async () => {
  policy = await faultyPolicies(toolchain);
});

let world: World;
let now = NOW;
let failing: (() => void) | undefined;
let rounds = 0;

beforeEach(async () => {
  now = NOW;
  failing = undefined;
  rounds = 0;
  world = await aGateway({
    servers: { files: { tools: [{ name: 'read', inputSchema: { type: 'object' } }] } },
    clock: { now: () => now, monotonic: () => performance.now() },
    commit: () => failing?.(),
  });
});

/** One call, randomly made, and who takes part in deciding it. */
const aRound = fc.record({
  bundle: fc.constantFrom(...BUNDLES),
  agent: fc.constantFrom('assistant', 'coder', 'x'.repeat(100), 'ünïcode', ''),
  args: fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 4 }),
  without: fc.subarray(['people', 'pace', 'law', 'incidents']),
  shadowed: fc.subarray(['pace', 'law']),
  warned: fc.subarray(['files', 'owners', 'pace', 'law']),
  isReversed: fc.boolean(),
  isReal: fc.oneof(REAL, INJECTED),
});
type Round = typeof aRound extends fc.Arbitrary<infer Value> ? Value : never;

/** Who takes part in a round: always the one with the fault, which does not stand in shadow. */
function wishOf({ bundle, without, shadowed, warned, isReversed }: Round): SetWish {
  const modes: Record<string, Mode> = {};
  for (const id of warned) modes[id] = 'warn';
  for (const id of shadowed) if (id !== bundle) modes[id] = 'shadow';
  return {
    without: without.filter((id) => id !== bundle),
    modes,
    order: (all) => (isReversed ? all.toReversed() : all),
  };
}

interface Outcome {
  readonly answer: RpcAnswer;
  readonly records: readonly DecisionRecord[];
  readonly isForwarded: boolean;
}

async function callUnder(wish: SetWish, { agent }: Pick<Round, 'agent'>, args: object): Promise<Outcome> {
  await world.gateway.enforce(policy(wish));
  return call({ agent }, args);
}

async function call({ agent }: Pick<Round, 'agent'>, args: object): Promise<Outcome> {
  const [before, recorded] = [world.heard('files').length, world.records.length];
  const request = {
    method: 'tools/call',
    name: 'read',
    args: { ...args },
    meta: {},
    answers: undefined,
    task: undefined,
  } as const;
  const answer = await world.ask(request, aCaller(agent)).catch((thrown: unknown) => thrownAnswer(thrown));
  const isForwarded = world.heard('files').length > before;
  return { answer, records: world.records.slice(recorded), isForwarded };
}

/** What a door makes of it. */
function thrownAnswer(thrown: unknown): RpcAnswer {
  return { kind: 'failure', error: { code: -32_603, message: String(thrown) } };
}

/** The same round without the fault: it is the fault alone that keeps the call from being made. So it is in every tenth round. */
async function expectAllowed(round: Round, wish: SetWish = wishOf(round), args: object = round.args): Promise<void> {
  rounds += 1;
  if (rounds % 10 === 1) await expectAllowedNow(round, wish, args);
}

async function expectAllowedNow(round: Round, wish: SetWish, args: object): Promise<void> {
  const { answer, records, isForwarded } = await callUnder(wish, round, args);
  const decided = records.map(({ effect, reasons }) => [effect, ...reasons].join(' '));
  expect({ decided, isForwarded, isRefused: isRefusal(answer) }).toEqual({
    decided: ['allow'],
    isForwarded: true,
    isRefused: false,
  });
}

function isRefusal(answer: RpcAnswer): boolean {
  return answer.kind === 'failure' || answer.result['isError'] === true;
}

function expectDenied({ answer, records, isForwarded }: Outcome, reason: string): void {
  const [record, ...more] = records;
  expect({ isForwarded, isRefused: isRefusal(answer), more }).toEqual({
    isForwarded: false,
    isRefused: true,
    more: [],
  });
  expect(record?.effect).toBe('deny');
  expect(record?.reasons).toContain(reason);
}

/** A fault, in a thousand random rounds; answers in how many of them the call was denied. */
async function deniedIn<Extra>(
  extra: fc.Arbitrary<Extra>,
  check: (round: Round, extra: Extra) => Promise<void>,
): Promise<number> {
  let denied = 0;
  const round = async (one: Round, more: Extra): Promise<void> => {
    await check(one, more);
    denied += 1;
  };
  await fc.assert(fc.asyncProperty(aRound, extra, round), ROUNDS);
  return denied;
}

test('F-42 a bundle that is missing denies: 1,000 rounds, no allow', async () => {
  const denied = await deniedIn(fc.constantFrom('missing', 'uncompiled', 'required'), async (round, how) => {
    const wish = wishOf(round);
    await expectAllowed(round);
    const { bundle } = round;
    const layer = layerOf(bundle);
    const faulty =
      how === 'required'
        ? { ...wish, without: [...(wish.without ?? []), bundle], required: [layer] as SetWish['required'] }
        : { ...wish, [how]: [bundle] };
    const outcome = await callUnder(faulty as SetWish, round, round.args);
    expectDenied(outcome, `gateway.missing.${layer}`);
  });
  expect(denied).toBe(1_000);
});

test('F-40 a bundle that throws denies: 1,000 rounds, no allow', async () => {
  const denied = await deniedIn(throwing, async (round, fault) => {
    await expectAllowed(round, wishOf(round), { ...round.args, zero: 0 });
    const { bundle, isReal } = round;
    const wish = isReal ? wishOf(round) : { ...wishOf(round), faults: { [bundle]: fault } };
    const outcome = await callUnder(wish, round, { ...round.args, zero: 0, throws: isReal ? bundle : '' });
    expectDenied(outcome, `gateway.error.${layerOf(bundle)}`);
  });
  expect(denied).toBe(1_000);
});

test('a bundle that is undefined denies: 1,000 rounds, no allow', async () => {
  const fault = anyEngineFault(fc.nat(2_000_000).map((fuel) => ({ kind: 'undefined', fuel })));
  const denied = await deniedIn(fault, async (round, undefinedAnswer) => {
    await expectAllowed(round);
    const outcome = await callUnder(
      { ...wishOf(round), faults: { [round.bundle]: undefinedAnswer } },
      round,
      round.args,
    );
    expectDenied(outcome, `gateway.undefined.${layerOf(round.bundle)}`);
  });
  expect(denied).toBe(1_000);
});

test('G-67 a bundle whose answer is malformed denies, whatever in it is true: 1,000 rounds, no allow', async () => {
  const denied = await deniedIn(fc.tuple(noDecision, noElement), async (round, [text, element]) => {
    const { bundle, isReal } = round;
    await expectAllowed(round);
    const value: Fault = () => ({ kind: 'value', text, fuel: 7 });
    const cut: Fault = (ask) => {
      const answered = ask();
      return answered.kind === 'value' ? { ...answered, text: answered.text.slice(0, -1) } : answered;
    };
    const faults = isReal ? {} : { [bundle]: text.length % 2 === 0 ? value : cut };
    const malformed = { [bundle]: { deny: element } };
    const args = isReal ? { ...round.args, malformed } : round.args;
    const outcome = await callUnder({ ...wishOf(round), faults }, round, args);
    expectDenied(outcome, `gateway.malformed.${layerOf(bundle)}`);
  });
  expect(denied).toBe(1_000);
});

test('F-40 a bundle that takes too long denies: 1,000 rounds, no allow', async () => {
  const fault = anyEngineFault(fc.string().map((why) => ({ kind: 'timeout', why, fuel: 7 })));
  const denied = await deniedIn(fault, async (round, tooLong) => {
    const { bundle, isReal } = round;
    await expectAllowed(round);
    const wish = isReal ? { fuel: 50_000 } : { faults: { [bundle]: tooLong } };
    const outcome = await callUnder({ ...wishOf(round), ...wish }, round, {
      ...round.args,
      slow: isReal ? bundle : '',
    });
    expectDenied(outcome, `gateway.timeout.${layerOf(bundle)}`);
  });
  expect(denied).toBe(1_000);
});

test('F-40 a bundle that runs out of memory denies: 1,000 rounds, no allow', async () => {
  const fault = anyEngineFault(fc.constant({ kind: 'error', why: 'opa_malloc: failed', fuel: 7 }));
  const denied = await deniedIn(fault, async (round, noMemory) => {
    const { bundle, isReal } = round;
    await expectAllowed(round);
    const faults = isReal ? {} : { [bundle]: noMemory };
    const outcome = await callUnder({ ...wishOf(round), faults }, round, {
      ...round.args,
      large: isReal ? bundle : '',
    });
    expectDenied(outcome, `gateway.error.${layerOf(bundle)}`);
  });
  expect(denied).toBe(1_000);
});

test('a module of another generation denies: 1,000 rounds, no allow', async () => {
  const denied = await deniedIn(fc.constant(0), async (round) => {
    await expectAllowed(round);
    const outcome = await callUnder(
      { ...wishOf(round), mixedUp: round.isReal ? 'entrypoints' : 'bundles' },
      round,
      round.args,
    );
    const decisive = wishOf(round).without?.includes('people') === true ? 'server' : 'identity';
    expectDenied(outcome, `gateway.error.${decisive}`);
  });
  expect(denied).toBe(1_000);
});

test('a generation that is swapped while a call is under way never mixes with the one that decides: 1,000 rounds, no allow of the denying one', async () => {
  const denied = await deniedIn(fc.nat(6), async (round, turns) => {
    await expectAllowed(round);
    const denying = policy({ ...wishOf(round), missing: [round.bundle] });
    const permissive = policy(wishOf(round));
    await world.gateway.enforce(permissive);
    const calling = call(round, round.args);
    for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
    await world.gateway.enforce(denying);
    const { records, isForwarded } = await calling;
    const [record] = records;
    expect(isForwarded).toBe(record?.effect === 'allow');
    expect([`${permissive.generation} allow`, `${denying.generation} deny`]).toContain(
      `${record?.generation} ${record?.effect}`,
    );
    expectDenied(await call(round, round.args), `gateway.missing.${layerOf(round.bundle)}`);
  });
  expect(denied).toBe(1_000);
});

test('F-10 a store that cannot commit denies: 1,000 rounds, no allow and no record', async () => {
  const denied = await deniedIn(storeFaults, async (round, fault) => {
    failing = undefined;
    await expectAllowed(round);
    failing = () => {
      throw fault();
    };
    const { answer, records, isForwarded } = await callUnder(wishOf(round), round, round.args);
    expect({ records, isForwarded, isRefused: isRefusal(answer) }).toEqual({
      records: [],
      isForwarded: false,
      isRefused: true,
    });
    expect(JSON.stringify(answer)).toContain('gateway.audit_unavailable');
  });
  expect(denied).toBe(1_000);
});

const HOUR = 3_600_000;

test('G-84 a clock that jumps out of the time of a permit denies: 1,000 rounds, no allow', async () => {
  const moments = fc.oneof(
    fc.integer({ min: NOW + HOUR, max: NOW + 10_000 * HOUR }),
    fc.integer({ min: NOW - 400_000 * HOUR, max: NOW - HOUR - 1 }),
    fc.constantFrom(NOW + HOUR, NOW - HOUR - 1, 0),
  );
  const denied = await deniedIn(moments, async (round, moment) => {
    const without = round.without.filter((id) => id !== 'pace' && id !== 'incidents');
    const one = { ...round, without, shadowed: [], warned: [] };
    const args = { ...round.args, needs_permit: true };
    now = NOW;
    await expectAllowed(one, wishOf(one), args);
    now = moment;
    const outcome = await callUnder(wishOf(one), one, args);
    expectDenied(outcome, 'because');
    expect(outcome.records[0]?.matched_rules).toEqual(['pace/L-1']);
  });
  expect(denied).toBe(1_000);
});

test('F-40 faults of every kind at once deny: 1,000 rounds, no allow', async () => {
  const fault = fc.oneof(
    noDecision.map((text): Fault => () => ({ kind: 'value', text, fuel: 1 })),
    fc.constantFrom('undefined', 'timeout', 'error').map((kind): Fault => () => ({ kind, why: 'a fault', fuel: 1 })),
    fc.constant<Fault>(() => {
      throw new Error('a fault');
    }),
  );
  const several = fc.dictionary(fc.constantFrom(...BUNDLES), fault, { minKeys: 1, maxKeys: BUNDLES.length });
  const denied = await deniedIn(several, async (round, faults) => {
    await expectAllowed(round);
    const taking = { ...wishOf(round), without: [], modes: {} };
    const { answer, records, isForwarded } = await callUnder({ ...taking, faults }, round, round.args);
    expect({ effects: records.map(({ effect }) => effect), isForwarded, isRefused: isRefusal(answer) }).toEqual({
      effects: ['deny'],
      isForwarded: false,
      isRefused: true,
    });
  });
  expect(denied).toBe(1_000);
});
