import { type AgentReach, isInReach } from '../core/agent-reach.ts';
import type { Agent, Delegator } from '../core/principal.ts';
import type { Caller } from './port.ts';

/** An agent as the configuration has it. */
export interface ConfiguredAgent {
  readonly scope: string;
  readonly owner_team: string;
  readonly model: string;
  readonly reach: AgentReach;
  /** The agent whose reach bounds it. */
  readonly parent: string | undefined;
}

/** The agents that the configuration tells apart: what each is, what it reaches, and on whose behalf it asks. */
export class Agents {
  readonly #configured: ReadonlyMap<string, ConfiguredAgent>;

  constructor(configured: ReadonlyMap<string, ConfiguredAgent>) {
    this.#configured = configured;
  }

  /** The caller with what the configuration says of its agent; the same object where it says nothing. */
  known(caller: Caller): Caller {
    const { agent, user } = caller.principal;
    const line = this.delegatorsOf(agent);
    if (line.length === 0 && !this.#configured.has(agent.id)) return caller;
    const principal = { agent: { ...agent, ...this.#profileOf(agent.id, agent), delegated_by: line }, user };
    if (line.length === 0) return { ...caller, principal };
    const delegators = line.map((id): Delegator => ({ id, ...this.#profileOf(id, UNKNOWN) }));
    return { ...caller, principal, delegators };
  }

  /**
   * On whose behalf an agent asks, nearest first and each once: those who have handed the work on, as its key or token
   * says, then whoever stands above any of them by the configuration.
   */
  delegatorsOf({ id, delegated_by: handedOn }: Pick<Agent, 'id' | 'delegated_by'>): readonly string[] {
    const line = new Set([id, ...handedOn]);
    for (const one of [id, ...handedOn]) for (const ancestor of this.#ancestorsOf(one)) line.add(ancestor);
    line.delete(id);
    return [...line];
  }

  /** Whether a tool exists for an agent: it must for everybody on whose behalf it asks. As `isInReach`. */
  reaches(
    { id, delegated_by: delegatedBy }: Pick<Agent, 'id' | 'delegated_by'>,
    server: string,
    tool: string,
  ): boolean {
    return (
      isInReach(this.#configured.get(id)?.reach, server, tool) &&
      delegatedBy.every((delegator) => isInReach(this.#configured.get(delegator)?.reach, server, tool))
    );
  }

  #ancestorsOf(agent: string): ReadonlySet<string> {
    const ancestors = new Set<string>();
    let parent = this.#configured.get(agent)?.parent;
    while (parent !== undefined && !ancestors.has(parent)) {
      ancestors.add(parent);
      parent = this.#configured.get(parent)?.parent;
    }
    return ancestors;
  }

  #profileOf(id: string, otherwise: Profile): Profile {
    const { scope, owner_team, model } = this.#configured.get(id) ?? otherwise;
    // Where the configuration says nothing, the scopes of its token count.
    return { scope: scope === '' ? otherwise.scope : scope, owner_team, model };
  }
}

type Profile = Omit<Delegator, 'id'>;

const UNKNOWN: Profile = { scope: '', owner_team: '', model: '' };
