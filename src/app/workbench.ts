import { calledThread } from '../core/called-thread.ts';
import type { JsonObject } from '../core/json.ts';
import type { ChangeView, PoliciesView } from '../dashboard/api-policies.ts';
import type { AgainView } from '../dashboard/api.ts';
import type { CheckedLog } from '../state/log-checker.ts';
import type { DashboardGround } from './dashboard.ts';

/** A bundle that is tried in the place of the one with this id, or beside all others where there is none. */
export interface TriedBundle {
  readonly bundle: string;
  /** Absolute path of a folder or `.tar.gz`. */
  readonly path: string;
}

/** A candidate as it was read: what it would change in rules, without having decided anything. */
export interface LookedCandidate {
  readonly digest: string;
  readonly layer: string;
  /** Whether the configuration has no bundle of that id yet. */
  readonly isNew: boolean;
  readonly rules: ChangeView['rules'];
}

/** What takes the processor for long, on a thread of its own: policies are compiled and asked there. */
export interface Workbench {
  again(id: string, args: JsonObject | undefined): Promise<AgainView>;
  policies(): Promise<PoliciesView>;
  look(tried: TriedBundle): Promise<LookedCandidate>;
  test(tried: TriedBundle): Promise<NonNullable<ChangeView['tests']>>;
  /** Over decisions since then (milliseconds since the epoch), the newest so many. */
  replay(tried: TriedBundle, since: number, most: number): Promise<NonNullable<ChangeView['replay']>>;
  /** How many decisions the running replay has made again. */
  replayed(): Promise<number>;
  /** Whether the log is whole, as far as it has been checked; each row is checked once. */
  evidence(): Promise<CheckedLog>;
  /** What a bundle in shadow would have changed since then. */
  shadowed(bundle: string, since: number): Promise<NonNullable<ChangeView['shadow']>>;
}

/** All that the thread is told. */
export interface WorkbenchSettings {
  /** The configuration file, absolute. */
  readonly path: string;
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly workingFolder: string;
  readonly userHome: string;
  readonly home: string;
  readonly cache: string;
  readonly nodePath: string;
  readonly platform: string;
}

export interface WorkbenchThread {
  readonly bench: Workbench;
  close(): Promise<void>;
}

/** Compiled policies are tens of megabytes, so they are not kept for long after the last question. */
const IDLE_MS = 10 * 60_000;
const MOST_WAITING = 16;

export function workbenchThread(ground: DashboardGround): WorkbenchThread {
  const { host, workingFolder, userHome, home, cache, configPath } = ground;
  const settings: WorkbenchSettings = {
    workingFolder,
    userHome,
    home,
    cache,
    path: configPath,
    variables: { ...host.environment },
    nodePath: host.nodePath,
    platform: host.platform,
  };
  const { methods: bench, close } = calledThread<Workbench>({
    file: 'workbench-worker',
    base: import.meta.url,
    settings,
    name: 'mcp-gateway workbench',
    idleMs: IDLE_MS,
    mostWaiting: MOST_WAITING,
  });
  return { bench, close };
}
