import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import type { Opinion } from '../../src/core/opinion.ts';
import { buildInput } from '../../src/gateway/build-input.ts';
import { type Court, type Question, rule } from '../../src/gateway/rule.ts';
import { reproduces } from '../../src/policy/combine-record.ts';
import { PolicySet } from '../../src/policy/policy-set.ts';
import { anOpinion, aVerdict } from '../policy/decision-makers.ts';
import { aCaller, aRoute, ENVIRONMENT, LABELS, NOW } from './makers.ts';

const GRANTS = [
  anOpinion({ layer: 'server', allow: [aVerdict('S-1')] }),
  anOpinion({ layer: 'resource', allow: [aVerdict('R-1')] }),
];

test('the record suffices to make its decision again', () => {
  for (const layers of [GRANTS, [], [anOpinion({ layer: 'server', status: 'timeout' })]]) {
    const { record } = rule(aQuestion(), aCourt(layers));
    expect(reproduces(record)).toBe(true);
  }
});

test('the one time of a decision is that of its input', () => {
  const { record } = rule(aQuestion(), aCourt(GRANTS));
  expect(record.time).toBe(new Date(NOW).toISOString());
  expect(record.combine.now).toBe(NOW);
});

test('the text of the record’s input is that of the value that was decided, and its hash is of that text', () => {
  const { record, inputText } = rule(aQuestion(), aCourt(GRANTS));
  expect(JSON.parse(inputText)).toEqual(record.input);
  expect(record.input_hash).toBe(createHash('sha256').update(inputText).digest('hex'));
});

test('what was masked stands in no text, and the hash is that of the input before', () => {
  const [input, maskedInput] = [
    aQuestion().input,
    { ...aQuestion().input, identity: { capabilities: { server: ['x'] } } },
  ];
  const court = aCourt(GRANTS);
  const mask = {
    ...court.mask,
    maskInput: () => ({ input: maskedInput, masked: ['/identity'], hidden: new Set<string>() }),
  };
  const { record, inputText } = rule(aQuestion(), { ...court, mask: mask as Court['mask'] });
  expect(JSON.parse(inputText)).toEqual(maskedInput);
  expect(record.input_hash).toBe(createHash('sha256').update(JSON.stringify(input)).digest('hex'));
});

test('where the gateway itself denies, no layer is asked', () => {
  const own = [{ reason: 'gateway.invalid_arguments', internal: '', rules: [], params: {} }];
  const { record, decision } = rule({ ...aQuestion(), own }, aCourt(GRANTS));
  expect(decision.reasons).toEqual(['gateway.invalid_arguments']);
  expect(record.layers).toEqual([]);
  expect(record.input).toMatchObject({ action: { tool: 'read' } });
});

test.for([
  { name: 'nothing is masked', masked: [], reads: true, replayable: { kind: 'fully' } },
  {
    name: 'what is masked is read by no rule',
    masked: ['/action/args/token'],
    reads: false,
    replayable: { kind: 'fully' },
  },
  {
    name: 'what is masked is read',
    masked: ['/action/args/token'],
    reads: true,
    replayable: { kind: 'partly', pointers: ['/action/args/token'] },
  },
])('a record says how far it can be replayed: $name', ({ masked, reads, replayable }) => {
  const court = aCourt(GRANTS, reads);
  const mask: Court['mask'] = {
    maskInput: (input) => ({ input, masked, hidden: new Set() }),
    maskQuotes: (value) => value,
  };
  expect(rule(aQuestion(), { ...court, mask }).record.replayable).toEqual(replayable);
});

function aQuestion(): Question {
  const { server, facts } = aRoute();
  const input = buildInput({
    action: 'tool_call',
    principal: aCaller().principal,
    server: server.facts,
    tool: facts,
    environment: ENVIRONMENT,
    now: NOW,
  });
  return {
    caller: aCaller(),
    action: 'tool_call',
    server: server.id,
    tool: facts.tool,
    own: [],
    input,
    dropped: [],
    traceId: '',
  };
}

/** A court whose bundles say what the test says. */
class Scripted extends PolicySet {
  readonly #opinions: readonly Opinion[];
  readonly #reads: boolean;

  constructor(opinions: readonly Opinion[], reads: boolean) {
    const clock = { now: () => NOW, monotonic: () => 0 };
    super({ generation: 'g', participants: [], respondents: new Map(), required: [], evaluationFuel: 1, clock });
    this.#opinions = opinions;
    this.#reads = reads;
  }

  override evaluate(question: Parameters<PolicySet['evaluate']>[0]): ReturnType<PolicySet['evaluate']> {
    return { ...super.evaluate(question), opinions: this.#opinions };
  }

  override reads(): boolean {
    return this.#reads;
  }
}

function aCourt(opinions: readonly Opinion[], reads = false): Court {
  return {
    policy: new Scripted(opinions, reads),
    clock: { now: () => NOW, monotonic: () => 0 },
    newId: () => '01990000-0000-7000-8000-000000000001',
    mask: { maskInput: (input) => ({ input, masked: [], hidden: new Set() }), maskQuotes: (value) => value },
    labels: LABELS,
  };
}
