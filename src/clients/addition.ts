/** Which entry, on which way. */
export interface Target {
  readonly at: readonly string[];
  readonly name: string;
}

export interface Addition extends Target {
  readonly shape: 'map' | 'list';
  /** Members as the client has them. */
  readonly entry: Readonly<Record<string, unknown>>;
}

export interface Edited {
  readonly text: string;
  /** How many objects and lists around the entry were made for it; they go with it when nothing else is in them. */
  readonly made: number;
}

/** What stands on the way to the servers and has another shape; empty for the file as a whole. */
export class OtherShape extends Error {}

/** One way of ending lines for what we write: that of the first line. */
export function newlineOf(text: string): string {
  return /\r?\n/.exec(text)?.[0] ?? '\n';
}
