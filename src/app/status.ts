import type { BundleLoader } from './bundles.ts';
import { type Deciding, decidingNow } from './deciding.ts';
import { findOverrides } from './overrides.ts';
import { findPolicies, type ListedBundle, type PolicyPlace } from './policy-list.ts';
import { shownPauseOf } from './shown-pause.ts';
import { hasStore, storePlaceOf } from './store-place.ts';
import type { Approval } from '../core/approval.ts';
import { GatewayError, messageOf } from '../core/errors.ts';
import type { Activation } from '../core/generation.ts';
import type { Mode } from '../core/opinion.ts';
import type { ListedOverride } from '../review/overrides.ts';
import { readApprovals } from '../state/approval-reader.ts';
import type { DecisionReader } from '../state/decision-reader.ts';

/** What runs and decides now, whether or not a gateway does. Times are RFC 3339 in UTC. */
export interface GatewayStatus {
  readonly gateways: readonly RunningInstance[];
  /** The last that any gateway has put in force; null before the first start of a gateway. */
  readonly generation: GenerationStatus | null;
  /** By what the running gateways decide, what most decide by first; one where all decide alike. */
  readonly deciding: readonly DecidingStatus[];
  readonly pause: ReturnType<typeof shownPauseOf>;
  /** Bundles whose newest state does not decide. */
  readonly bundles: readonly Pick<ListedBundle, 'id' | 'state' | 'why'>[];
  readonly overrides: readonly ActiveOverride[];
  readonly approvals: readonly WaitingApproval[];
  readonly servers: readonly ServerStatus[];
  readonly last_hour: {
    readonly decisions: number;
    readonly allow: number;
    readonly deny: number;
    readonly pending: number;
  };
  /** When the log was last signed; null where it never was. */
  readonly checkpoint: { readonly time: string; readonly age_s: number } | null;
  /** What could not be found out, each as a sentence. */
  readonly unknown: readonly string[];
}

export interface RunningInstance {
  readonly id: string;
  readonly pid: number;
  readonly host: string;
  readonly started: string;
  /** Whether it was started with `--shadow`. */
  readonly shadow: boolean;
  /** What it decides by; empty for a command, or before its policies are in force. */
  readonly generation: string;
  /** Hash of that with the modes of bundles and rules. */
  readonly facts: string;
  /** Since when it decides by that; empty where it decides nothing. */
  readonly deciding_since: string;
  /** Where the other gateways of the store reach its HTTP door; empty where it has none. */
  readonly address: string;
}

/** `since` and `why`: of its newest activation; empty where the store does not say. */
export interface DecidingStatus extends GenerationStatus {
  readonly facts: string;
  /** Ids of the gateways. */
  readonly gateways: readonly string[];
}

export interface GenerationStatus {
  readonly generation: string;
  readonly since: string;
  readonly why: string;
  /** Bundles and rules that count in another mode than enforce. */
  readonly relaxed: readonly { readonly rule: string; readonly mode: Mode }[];
  /** Bundles that somebody has rolled back. */
  readonly pinned: readonly string[];
}

export type ActiveOverride = Pick<
  ListedOverride,
  'bundle' | 'rule' | 'lifts' | 'expires_at' | 'ends_in_s' | 'people'
> & {
  readonly ends_soon: boolean;
};

export interface WaitingApproval {
  readonly id: string;
  readonly server: string;
  readonly tool: string;
  readonly by: string;
  readonly since: string;
  readonly expires: string;
}

export interface ServerStatus {
  readonly id: string;
  /** Empty where it was never called. */
  readonly last_call: string;
  /** `allow` and how it ended, `deny` or `pending`; empty where it was never called. */
  readonly last_status: string;
}

const HOUR_MS = 3_600_000;
const MOST_APPROVALS = 100;
const MOST_ACTS = 500;
/** What ends sooner is said to end soon. */
const SOON_S = 72 * 3600;
/** No permit lasts longer, so no older decision can have met one that is still in force. */
const LONGEST_MS = 30 * 24 * HOUR_MS;

/** Reads it from the store and the configuration; starts nothing. What cannot be read is named in `unknown`. */
export async function readStatus(place: PolicyPlace, loader: BundleLoader): Promise<GatewayStatus> {
  const unknown: string[] = [];
  const tried = async <T>(what: string, work: () => Promise<T>, otherwise: T): Promise<T> => {
    try {
      return await work();
    } catch (thrown) {
      unknown.push(`${what}: ${firstLine(thrown)}`);
      return otherwise;
    }
  };
  const { now, config } = place;
  const problem = await problemOf(place.reader);
  if (problem !== '') unknown.push(problem);
  const reader = problem === '' ? place.reader : undefined;
  const bundles = await tried('bundles', async () => await bundlesIn({ ...place, reader }, loader), []);
  const overrides = await tried('overrides', async () => await overridesIn({ ...place, reader }, loader), []);
  if (reader === undefined) {
    const servers = Object.keys(config.mcpServers).map((id) => ({ id, last_call: '', last_status: '' }));
    return { ...NOTHING_YET, bundles, overrides, servers, unknown };
  }
  const deciding = await tried('generations', async () => await decidingNow(reader, now), []);
  return {
    gateways: await tried('gateways', async () => await instancesIn(reader, { deciding, now }), []),
    generation: await tried('generation', async () => await generationIn(reader), null),
    deciding: await tried('generations', async () => await decidingIn(reader, deciding), []),
    pause: await tried(
      'pause',
      async () => shownPauseOf(config.policies.pause ? await reader.pause() : undefined, now),
      null,
    ),
    bundles,
    overrides,
    approvals: await tried('approvals', async () => await approvalsIn(place), []),
    servers: await tried('servers', async () => await serversIn(place, reader), []),
    last_hour: await tried('decisions', async () => await lastHour(reader, now), NOTHING_YET.last_hour),
    checkpoint: await tried('checkpoint', async () => await checkpointIn(reader, now), null),
    unknown,
  };
}

const NOTHING_YET: GatewayStatus = {
  gateways: [],
  generation: null,
  deciding: [],
  pause: null,
  bundles: [],
  overrides: [],
  approvals: [],
  servers: [],
  last_hour: { decisions: 0, allow: 0, deny: 0, pending: 0 },
  checkpoint: null,
  unknown: [],
};

/** Why nothing of the store can be read; empty where it can, or there is none. */
async function problemOf(reader: DecisionReader | undefined): Promise<string> {
  try {
    await reader?.lastSeq();
    return '';
  } catch (thrown) {
    const { mend = '' } = thrown instanceof GatewayError ? thrown : {};
    return `${firstLine(thrown)}. ${mend}`.trim();
  }
}

function firstLine(thrown: unknown): string {
  return messageOf(thrown).split('\n')[0] ?? '';
}

async function instancesIn(
  reader: DecisionReader,
  { deciding, now }: { readonly deciding: readonly Deciding[]; readonly now: number },
): Promise<readonly RunningInstance[]> {
  const since = new Map(deciding.flatMap(({ gateways }) => gateways.map(({ id, sinceMs }) => [id, timeOf(sinceMs)])));
  const living = await reader.instances(now);
  const acts = await reader.acts({ limit: MOST_ACTS });
  const shadows = new Set(acts.filter(({ verb }) => verb === 'pause.shadow').map(({ subject }) => subject));
  return living.map(({ id, pid, host, started, generation, facts, address }) => {
    const deciding_since = since.get(id) ?? '';
    return { id, pid, host, started, shadow: shadows.has(id), generation, facts, deciding_since, address };
  });
}

async function generationIn({ generations }: DecisionReader): Promise<GenerationStatus | null> {
  const [newest] = await generations.activations(1);
  return newest === undefined ? null : shownGeneration(newest, await pinnedIn(generations));
}

async function decidingIn(
  { generations }: DecisionReader,
  deciding: readonly Deciding[],
): Promise<readonly DecidingStatus[]> {
  const pinned = await pinnedIn(generations);
  return deciding.map(({ activation, generation, facts, gateways }) => {
    const unknown = { generation, since: '', why: '', relaxed: [], pinned };
    const shown = activation === undefined ? unknown : shownGeneration(activation, pinned);
    return { ...shown, facts, gateways: gateways.map(({ id }) => id) };
  });
}

async function pinnedIn(generations: DecisionReader['generations']): Promise<readonly string[]> {
  return (await generations.pins()).map(({ bundle }) => bundle);
}

function shownGeneration({ generation, at, why, facts }: Activation, pinned: readonly string[]): GenerationStatus {
  const relaxed = facts.bundles.flatMap(({ id, mode, ruleModes }) => [
    ...(mode === 'enforce' ? [] : [{ rule: id, mode }]),
    ...Object.entries(ruleModes)
      .filter(([, ruleMode]) => ruleMode !== 'enforce')
      .map(([rule, ruleMode]) => ({ rule: `${id}/${rule}`, mode: ruleMode })),
  ]);
  return { generation, since: timeOf(at), why, relaxed, pinned };
}

async function bundlesIn(place: PolicyPlace, loader: BundleLoader): Promise<GatewayStatus['bundles']> {
  const found = await findPolicies(place, loader);
  return found.flatMap(({ listed: { id, state, why } }) => (state === 'good' ? [] : [{ id, state, why }]));
}

async function overridesIn(place: PolicyPlace, loader: BundleLoader): Promise<readonly ActiveOverride[]> {
  const { config, home, reader, now } = place;
  const { overrides } = await findOverrides({ config, home, reader, now, since: now - LONGEST_MS }, loader);
  return overrides
    .filter(({ state }) => state === 'in_force' || state === 'unconfirmed')
    .map(({ bundle, rule, lifts, expires_at, ends_in_s, people }) => {
      return { bundle, rule, lifts, expires_at, ends_in_s, people, ends_soon: ends_in_s <= SOON_S };
    });
}

async function approvalsIn({ config, now }: PolicyPlace): Promise<readonly WaitingApproval[]> {
  const place = storePlaceOf(config);
  if (!(await hasStore(place))) return [];
  const reader = readApprovals(place);
  try {
    return (await reader.book.list({ limit: MOST_APPROVALS, status: 'pending', nowMs: now })).map(waitingOf);
  } finally {
    await reader.close();
  }
}

function waitingOf({ id, shown, by, createdMs, expiresMs }: Approval): WaitingApproval {
  return { id, server: shown.server, tool: shown.tool, by, since: timeOf(createdMs), expires: timeOf(expiresMs) };
}

function serversIn({ config }: PolicyPlace, reader: DecisionReader): Promise<readonly ServerStatus[]> {
  const ids = Object.keys(config.mcpServers);
  return Promise.all(
    ids.map(async (id) => {
      const [last] = await reader.list({ limit: 1, server: id });
      if (last === undefined) return { id, last_call: '', last_status: '' };
      const status = last.effect === 'allow' ? (last.outcome?.status ?? 'running') : last.effect;
      return { id, last_call: last.time, last_status: status };
    }),
  );
}

async function lastHour(reader: DecisionReader, now: number): Promise<GatewayStatus['last_hour']> {
  const { total, effects } = await reader.statistics(now - HOUR_MS);
  const count = (effect: string): number => effects.find(({ name }) => name === effect)?.count ?? 0;
  return { decisions: total, allow: count('allow'), deny: count('deny'), pending: count('pending') };
}

async function checkpointIn(reader: DecisionReader, now: number): Promise<GatewayStatus['checkpoint']> {
  const at = await reader.lastCheckpointMs();
  return at === undefined ? null : { time: timeOf(at), age_s: Math.max(0, Math.round((now - at) / 1000)) };
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}
