/** Who asks: the agent, and the user it acts for. Names as policy input has them. */
export interface Principal {
  readonly agent: Agent;
  readonly user: User;
}

export interface Agent {
  readonly id: string;
  readonly scope: string;
  readonly owner_team: string;
  readonly model: string;
  readonly client: { readonly name: string; readonly version: string };
  readonly delegated_by: readonly string[];
}

/** An agent on whose behalf another asks, with what the configuration says of it. */
export interface Delegator {
  readonly id: string;
  readonly scope: string;
  readonly owner_team: string;
  readonly model: string;
}

/** Agents in one line: the one that asks, and all on whose behalf it does. */
export const MOST_AGENTS_IN_LINE = 8;

export interface User {
  readonly id: string;
  readonly groups: readonly string[];
  readonly data_classifications_authorized: readonly string[];
}
