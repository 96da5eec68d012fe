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

export interface User {
  readonly id: string;
  readonly groups: readonly string[];
  readonly data_classifications_authorized: readonly string[];
}
