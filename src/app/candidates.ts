import { type BundleLoader, checkBundle, findBundle } from './bundles.ts';
import type { WantedBundle } from './policies.ts';
import { modesOf } from './servers.ts';
import type { Config } from '../config/paths.ts';
import { nearest } from '../config/suggest.ts';
import { GatewayError } from '../core/errors.ts';
import { isServerId } from '../core/names.ts';
import { NO_SIGNATURE_DEMANDED } from '../core/signature.ts';

/** A bundle that is tried: under which id, and the folder or `.tar.gz` that it lies in. */
export interface Candidate {
  readonly id: string;
  readonly path: string;
  /** Whether the configuration does not have it yet: then it is a bundle of the organisation for everything. */
  readonly isNew: boolean;
}

export interface CandidateFacts {
  readonly config: Config;
  /** What is in force. */
  readonly wanted: readonly WantedBundle[];
}

/**
 * The bundles in force with candidates in the place of some of them: with the mode, the scope and the data that the
 * configuration gives the bundle of that id. Throws USAGE for an id that it does not have, BUNDLE_INVALID and
 * BUNDLE_UNREADABLE as `bundle check` does.
 */
export async function withCandidates(
  candidates: readonly Candidate[],
  { config, wanted }: CandidateFacts,
  loader: BundleLoader,
): Promise<readonly WantedBundle[]> {
  const placed = new Map<string, WantedBundle>();
  for (const candidate of candidates) {
    const { id, path, isNew } = candidate;
    if (placed.has(id)) throw new GatewayError('USAGE', `there are two candidates for ${id}`);
    const origin = { kind: 'path', path } as const;
    const inPlace = isNew ? await newBundle(candidate, wanted, loader) : placeOf(id, { config, wanted });
    // Whoever tries a bundle has not published it yet.
    const bundle = { ...inPlace, origin, demand: NO_SIGNATURE_DEMANDED };
    await check(bundle, loader);
    placed.set(id, bundle);
  }
  return [...wanted.map((bundle) => placed.get(bundle.id) ?? bundle), ...added(placed, wanted)];
}

function added(placed: ReadonlyMap<string, WantedBundle>, wanted: readonly WantedBundle[]): readonly WantedBundle[] {
  const known = new Set(wanted.map(({ id }) => id));
  return [...placed.values()].filter(({ id }) => !known.has(id));
}

/** How the configuration would have a bundle of this id. */
function placeOf(id: string, { config, wanted }: CandidateFacts): WantedBundle {
  const known = wanted.find((bundle) => bundle.id === id);
  if (known !== undefined) return known;
  const server = Object.hasOwn(config.mcpServers, id) ? config.mcpServers[id] : undefined;
  if (server !== undefined) {
    const { mode, rules, data } = server.policy;
    const place = { kind: 'server', server: id } as const;
    return {
      id,
      layer: 'server',
      place,
      origin: undefined,
      mode,
      ruleModes: modesOf(rules),
      data,
      demand: NO_SIGNATURE_DEMANDED,
    };
  }
  const agents = Object.keys(config.agents).map((agent) => `agent-${agent}`);
  if (agents.includes(id)) {
    const place = { kind: 'agent', agent: id.slice('agent-'.length) } as const;
    const demand = NO_SIGNATURE_DEMANDED;
    return { id, layer: 'identity', place, origin: undefined, mode: 'enforce', ruleModes: {}, data: {}, demand };
  }
  throw unknownId(id, [...wanted.map((bundle) => bundle.id), ...Object.keys(config.mcpServers), ...agents]);
}

function unknownId(id: string, known: readonly string[]): GatewayError {
  const ids = [...new Set(known)].toSorted();
  const near = nearest(id, ids);
  const mend = near === undefined ? `It has ${ids.join(', ')}.` : `Did you mean ${near}? It has ${ids.join(', ')}.`;
  return new GatewayError('USAGE', `the configuration has no bundle ${id}`, {
    mend: `${mend} One that it does not have yet is tried with --add.`,
  });
}

/** For everything, and of the layer that it says itself. */
async function newBundle(
  { id, path }: Candidate,
  wanted: readonly WantedBundle[],
  loader: BundleLoader,
): Promise<WantedBundle> {
  if (!isServerId(id)) throw new GatewayError('USAGE', `${id} cannot be the id of a bundle`);
  if (wanted.some((bundle) => bundle.id === id))
    throw new GatewayError('USAGE', `the configuration has a bundle ${id} already`, {
      mend: `To try another in its place: --candidate ${id}=${path}`,
    });
  const demand = NO_SIGNATURE_DEMANDED;
  const { shipped } = await findBundle({ id, origin: { kind: 'path', path }, data: {}, demand }, loader);
  const scope = { servers: ['*'], agents: ['*'], tools: ['*'] };
  const place = { kind: 'organisation', scope } as const;
  return { id, layer: shipped.layer, place, origin: undefined, mode: 'enforce', ruleModes: {}, data: {}, demand };
}

async function check({ id, origin, data, layer, demand }: WantedBundle, loader: BundleLoader): Promise<void> {
  if (origin === undefined) return;
  const { bundle } = await checkBundle(await findBundle({ id, origin, data, demand }, loader), loader);
  if (bundle.layer === layer) return;
  throw new GatewayError(
    'BUNDLE_INVALID',
    `the candidate ${id} (${bundle.source}) is of layer ${bundle.layer}; the configuration has ${id} as ${layer}`,
  );
}
