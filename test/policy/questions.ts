import type { ActionType } from '../../src/core/action.ts';
import type { Opinion } from '../../src/core/opinion.ts';
import type { PolicyInput } from '../../src/core/policy-input.ts';
import type { Delegator } from '../../src/core/principal.ts';
import type { Evaluation, PolicySet } from '../../src/policy/policy-set.ts';
import { TOTAL_INPUT } from '../../src/policy/total-input.ts';

/** A rule of a small bundle, with its annotation. */
export function rule(set: string, id: string, condition: string): string {
  return `# METADATA\n# title: ${id}\n# custom: {id: ${id}}\n${set} contains {"id": "${id}", "reason": "because"} if ${condition}\n`;
}

export interface Asked {
  readonly action?: ActionType;
  readonly server?: string;
  readonly agent?: string;
  readonly tool?: string;
  readonly input?: Partial<PolicyInput>;
  readonly delegators?: readonly Delegator[];
}

/** Asks a set about a call of `read` on `files` by `coder`, unless said otherwise. */
export function ask(
  set: PolicySet,
  { action = 'tool_call', server = 'files', agent = 'coder', tool = 'read', input, delegators }: Asked = {},
): Evaluation {
  const whole = {
    ...TOTAL_INPUT,
    agent: { ...TOTAL_INPUT.agent, id: agent, delegated_by: (delegators ?? []).map(({ id }) => id) },
    action: { ...TOTAL_INPUT.action, type: action, tool },
    ...input,
  };
  return set.evaluate({ action, server, agent, tool, input: whole, delegators });
}

/** `bundle status rules`, one line an opinion. */
export function told(opinions: readonly Opinion[]): readonly string[] {
  return opinions.map(({ bundle, status, allow, deny, hide }) =>
    [bundle, status, ...[...allow, ...deny, ...hide].map(({ id }) => id)].join(' '),
  );
}
