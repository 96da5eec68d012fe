import { expect, test } from 'vitest';
import type { Mode } from '../../src/core/opinion.ts';
import { ListDecisions, type ListQuestion } from '../../src/gateway/visibility.ts';
import { PolicySet } from '../../src/policy/policy-set.ts';
import { TOTAL_INPUT } from '../../src/policy/total-input.ts';
import { anOpinion, aVerdict } from '../policy/decision-makers.ts';
import { realClock } from '../state/records.ts';

/** One generation, whatever the mode: what it hides, it hides in this one. */
class Hiding extends PolicySet {
  readonly #mode: Mode;

  constructor(mode: Mode) {
    super({
      generation: 'same',
      participants: [],
      respondents: new Map(),
      required: [],
      evaluationFuel: 1,
      clock: realClock,
    });
    this.#mode = mode;
  }

  override evaluate(question: Parameters<PolicySet['evaluate']>[0]): ReturnType<PolicySet['evaluate']> {
    const hide = [aVerdict('H-1', { mode: this.#mode })];
    return { ...super.evaluate(question), opinions: [anOpinion({ layer: 'resource', bundle: 'house', hide })] };
  }
}

const QUESTION: ListQuestion = {
  action: 'tool_list',
  pin: 'pin',
  principal: 'ada',
  delegators: undefined,
  input: () => TOTAL_INPUT,
};

test('what a rule in shadow would hide is shown, and said to be so', () => {
  expect(new ListDecisions().find(new Hiding('shadow'), QUESTION)).toEqual({
    kind: 'visible',
    shadowed: ['house/H-1'],
  });
  expect(new ListDecisions().find(new Hiding('warn'), QUESTION)).toEqual({ kind: 'visible' });
});

test('the same bundles in another mode are asked anew', () => {
  const decisions = new ListDecisions();
  expect(decisions.find(new Hiding('shadow'), QUESTION).kind).toBe('visible');
  expect(decisions.find(new Hiding('enforce'), QUESTION).kind).toBe('hidden');
});
