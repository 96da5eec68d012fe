import * as fc from 'fast-check';
import { COMMANDS } from './command-target.ts';
import { BUNDLES, CONFIGURATIONS } from './file-targets.ts';
import { EVENT_STREAM, PARSER, STDIO } from './wire-targets.ts';

/** Something that takes what others write, and what must hold whatever that is. */
export interface Target {
  readonly name: string;
  /** So many inputs with each seed in `npm test`. */
  readonly runs: number;
  readonly property: () => fc.IAsyncProperty<unknown[]>;
}

export const TARGETS: readonly Target[] = [PARSER, STDIO, EVENT_STREAM, BUNDLES, CONFIGURATIONS, COMMANDS];

/** What was found, with the seed and the smallest input that shows it; empty where all is well. */
export function reportOf(found: fc.RunDetails<unknown[]>): string {
  return found.failed ? (fc.defaultReportMessage(found) ?? 'failed') : '';
}
