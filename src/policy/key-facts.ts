import type { PolicyInput } from '../core/policy-input.ts';

/** The parts of policy input that have the facts by which is counted. */
export interface KeyFacts {
  readonly agent: Pick<PolicyInput['agent'], 'id' | 'scope' | 'owner_team' | 'model'>;
  readonly user: Pick<PolicyInput['user'], 'id'>;
  readonly server: Pick<PolicyInput['server'], 'id' | 'package' | 'region'>;
  readonly action: Pick<PolicyInput['action'], 'type' | 'tool' | 'effect'>;
  readonly context: Pick<PolicyInput['context'], 'conversation_id'>;
  readonly environment: Pick<PolicyInput['environment'], 'region'>;
}

const READERS: Readonly<Record<string, (facts: KeyFacts) => string>> = {
  'agent.id': ({ agent }) => agent.id,
  'agent.scope': ({ agent }) => agent.scope,
  'agent.owner_team': ({ agent }) => agent.owner_team,
  'agent.model': ({ agent }) => agent.model,
  'user.id': ({ user }) => user.id,
  'server.id': ({ server }) => server.id,
  'server.package': ({ server }) => server.package,
  'server.region': ({ server }) => server.region,
  'action.type': ({ action }) => action.type,
  'action.tool': ({ action }) => action.tool,
  'action.effect': ({ action }) => action.effect,
  'context.conversation_id': ({ context }) => context.conversation_id,
  'environment.region': ({ environment }) => environment.region,
};

/**
 * The gateway's own facts that a counter or a rate limit may be keyed by. Never an argument, a claim or a name that the
 * client gives itself: else the caller picks its own bucket.
 */
export const KEY_FACTS: ReadonlySet<string> = new Set(Object.keys(READERS));

/** The value of one of `KEY_FACTS`. */
export function factAt(facts: KeyFacts, path: string): string {
  return READERS[path]?.(facts) ?? '';
}
