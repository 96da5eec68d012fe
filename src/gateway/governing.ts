import type { Charge, Count } from '../core/charge.ts';
import type { Change, Made, Refusal } from '../core/change.ts';
import type { Clock } from '../core/clock.ts';
import type { Json, JsonObject } from '../core/json.ts';
import type { Logger } from '../core/logger.ts';
import type { DecisionRecord, Outcome } from '../core/record.ts';
import type { FoundCost } from '../core/settlement.ts';
import type { PolicySet } from '../policy/policy-set.ts';
import type { Environment } from './build-input.ts';
import type { Conversations } from './conversation.ts';
import type { LabelReader } from './labels.ts';
import type { Classifier } from './data-classes.ts';
import type { Court } from './rule.ts';

/** Keeps decisions; `append` resolves when one is committed. */
export interface RecordKeeper {
  /** `inputText` is the JSON of the record's input, where it is written already. */
  append(record: DecisionRecord, inputText?: string): Promise<unknown>;
  /** As `append`, if at the same time every change can be made; else nothing is recorded and nothing changed. */
  commit(record: DecisionRecord, inputText: string, changes: readonly Change[]): Promise<Made | Refusal>;
  /** What became of a request that was allowed, what that changes, and what it really cost, by counter. */
  settle(outcome: Outcome, changes?: readonly Change[], costs?: ReadonlyMap<string, FoundCost>): void;
}

/** Looks how counts stand, each in its place; undefined where nothing was ever charged. */
export interface CountReader {
  readCounts(places: readonly Pick<Charge, 'bucket' | 'window'>[]): Promise<readonly (Count | undefined)[]>;
}

/** What the phase of results knows beside policy. */
export interface ResultHandling {
  readonly classifier: Classifier;
  /** Whether structured content fits the output schema of a tool; false where that cannot be told. `pin` names the tool. */
  readonly fitsOutput: (pin: string, schema: JsonObject, value: Json) => Promise<boolean>;
}

/** What every decision is made and kept with, whatever it is about. */
export interface Governing {
  /**
   * With the policy under which something was resolved, else the one that is in force now. What the schema of the arguments
   * marks as secret is kept out of the record.
   */
  readonly court: (inputSchema?: JsonObject, policy?: PolicySet) => Court;
  readonly environment: Environment;
  readonly conversations: Conversations;
  readonly readLabels: LabelReader;
  readonly results: ResultHandling;
  readonly log: RecordKeeper;
  readonly budgets: CountReader;
  readonly clock: Clock;
  readonly logger: Logger;
}
