/** Which recorded decisions would have been different under other policies. */
export interface Impact {
  /** How many were decided again. */
  readonly replayed: number;
  /** How many of each class, such as `allow_to_deny`. */
  readonly classes: Readonly<Record<string, number>>;
  readonly groups: readonly ImpactGroup[];
}

export interface ImpactGroup {
  readonly class: string;
  /** Full names of the rules behind the difference. */
  readonly rules: readonly string[];
  readonly count: number;
  /** Id of one of the decisions. */
  readonly example: string;
}
