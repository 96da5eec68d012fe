import type { TriedServer } from './doctor-servers.ts';
import type { KnownTools } from './known-tools.ts';
import type { ListedBundle } from './policy-list.ts';
import type { LoadedConfig } from '../config/load.ts';
import type { FoundClient } from '../clients/entry.ts';
import type { Clock } from '../core/clock.ts';
import type { ServerId } from '../core/names.ts';
import type { ServerLock } from '../core/server-lock.ts';

/** `skip`: there is nothing to look at, or it was not to be looked at. */
export type FindingState = 'ok' | 'warn' | 'fail' | 'skip';

/** What a check found. */
export interface HealthFinding {
  /** Stable: the id of its check, with what it is about where there are several, such as `server.crm`. */
  readonly id: string;
  readonly state: FindingState;
  /** One sentence. */
  readonly words: string;
  /** The one command that mends it; absent where nothing has to be mended. */
  readonly mend?: string;
  /** Mends it where that loses nothing; answers what it did. Absent where only a person can. */
  readonly fix?: () => Promise<string>;
}

/** What the checks look at. Nothing of it needs a gateway that runs, and all of it may be broken. */
export interface Subject {
  readonly nodeVersion: string;
  readonly platform: NodeJS.Platform;
  /** `MCP_GATEWAY_HOME`. */
  readonly home: string;
  readonly cache: string;
  /** Whether file modes say who may read; not on Windows. */
  readonly modesMean: boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly clock: Clock;
  readonly configuration: ReadConfiguration;
  /** As `configuration`, for the lock beside it. */
  readonly lock: ReadLock;
  /** Absent where there is no configuration that can be read. */
  readonly tools: KnownTools | undefined;
  readonly clients: readonly FoundClient[];
  /** Starts a server once; absent where none is to be started. */
  readonly tryServer: ((id: ServerId) => Promise<TriedServer>) | undefined;
  readonly bundles: () => Promise<readonly ListedBundle[]>;
}

export type ReadConfiguration =
  | { readonly kind: 'good'; readonly loaded: LoadedConfig }
  | { readonly kind: 'none'; readonly problem: string }
  | { readonly kind: 'bad'; readonly problem: string };

export type ReadLock =
  | { readonly kind: 'good'; readonly path: string; readonly lock: ServerLock }
  | { readonly kind: 'none' }
  | { readonly kind: 'bad'; readonly problem: string };

/** One thing that is looked at. Its function never throws for what is wrong: that is its finding. */
export interface Check {
  readonly id: string;
  /** What it looks at; ends the sentence “Looks at …”. */
  readonly about: string;
  /** How what it finds is mended; a sentence. */
  readonly mending: string;
  readonly run: (subject: Subject) => Promise<readonly HealthFinding[]> | readonly HealthFinding[];
}

export function ok(id: string, words: string): HealthFinding {
  return { id, state: 'ok', words };
}

export function skip(id: string, words: string): HealthFinding {
  return { id, state: 'skip', words };
}

export function warn(id: string, words: string, mend: string): HealthFinding {
  return { id, state: 'warn', words, mend };
}

export function fail(id: string, words: string, mend: string): HealthFinding {
  return { id, state: 'fail', words, mend };
}

/** The configuration, where there is one that can be read. */
export function loadedOf({ configuration }: Subject): LoadedConfig | undefined {
  return configuration.kind === 'good' ? configuration.loaded : undefined;
}
