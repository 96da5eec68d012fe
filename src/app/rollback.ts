import { differenceText } from './deciding.ts';
import type { Config } from '../config/paths.ts';
import type { Act } from '../core/act.ts';
import type { Change } from '../core/change.ts';
import { GatewayError } from '../core/errors.ts';
import type { Activation } from '../core/generation.ts';
import type { Json } from '../core/json.ts';
import type { PolicyPin } from '../core/policy-pin.ts';
import { type Bundle } from '../policy/bundle.ts';
import { isBelowFloor } from '../policy/floor.ts';
import { readKeptBundle } from '../policy/kept-bundle.ts';
import { hashText } from '../review/generation-changes.ts';
import { activationNamed, type Going, type Return, returnOfBundle, returnToGeneration } from '../review/rollback.ts';
import { bundleKey, type GenerationStore } from '../state/generation-store.ts';
import type { Store } from '../state/store.ts';

export interface RollbackWish {
  readonly bundle?: string;
  readonly server?: string;
  readonly to?: string;
  readonly reason: string;
}

export interface RollbackGround {
  readonly store: Store;
  readonly config: Config;
  /** An act of whoever does it. */
  readonly actOf: (part: Omit<Act, 'id' | 'time' | 'actor' | 'via'>) => Act;
}

/** How far back anything is looked for. */
const MOST_ACTIVATIONS = 10_000;

/** What a rollback has pinned, or let go. */
export interface Rolled {
  readonly pinned: readonly PolicyPin[];
  readonly released: readonly PolicyPin[];
}

/** Puts what was in force before in force again, recorded: all of it, a generation, or one bundle. */
export async function goBack(acted: RollbackGround, name: string | undefined, options: RollbackWish): Promise<Rolled> {
  const { store, config, now, user } = toolsOf(acted);
  const activations = await store.activations(MOST_ACTIVATIONS);
  if (activations.length === 0) {
    throw new GatewayError('RECORD_NOT_FOUND', 'nothing was in force on this store yet', {
      mend: 'Start the gateway once.',
    });
  }
  const going: Going = { activations, atomic: config.policies.atomic };
  const difference = differenceText(await acted.store.living());
  const returns = await returnsOf(name, options, { going, store, difference });
  if (returns.length === 0)
    throw usage('nothing would change', '`mcp-gateway policy generations` lists what was in force.');
  const pins = await Promise.all(
    returns.map(async (one): Promise<Extract<Change, { kind: 'pin_bundle' }>> => {
      const revision = await revisionOf(one, activations, store);
      const { id: bundle, digest, dataDigest, mode, ruleModes } = one.earlier;
      const modes = one.isAsThen ? { modes: { mode, ruleModes } } : {};
      const pin = { bundle, digest, dataDigest, ...modes, at: now, actor: user, reason: options.reason.trim() };
      return { kind: 'pin_bundle', pin, revision };
    }),
  );
  const { actOf } = acted;
  const before = Object.fromEntries(returns.map(({ now: { id, digest } }) => [id, digest]));
  const after = Object.fromEntries(returns.map(({ earlier: { id, digest } }) => [id, digest]));
  const subject = subjectOf(name, options);
  const act = actOf({ verb: 'policy.rollback', subject, before, after, reason: options.reason.trim() });
  await acted.store.log.act(act, pins);
  return { pinned: pins.map(({ pin }) => pin), released: [] };
}

function subjectOf(name: string | undefined, { bundle, server }: RollbackWish): string {
  return bundle ?? server ?? name ?? 'all';
}

function toolsOf({ store, config, actOf }: RollbackGround) {
  const { time, actor } = actOf({ verb: '', subject: '', before: null, after: null, reason: '' });
  return { store: store.generations, config, now: Date.parse(time), user: actor };
}

interface Sources {
  readonly going: Going;
  readonly store: GenerationStore;
  /** Where gateways decide by different policies, who by what. */
  readonly difference: string;
}

async function returnsOf(
  name: string | undefined,
  { bundle, server, to }: RollbackWish,
  { going, store, difference }: Sources,
): Promise<readonly Return[]> {
  const one = bundle ?? server;
  if (one !== undefined) return returnOfBundle(one, to, going);
  if (name !== undefined) return returnToGeneration(activationNamed(name, going.activations), going);
  const pins = await store.pins();
  if (pins.length > 0) {
    throw usage(
      'something is rolled back already, so it is not clear what the one before is',
      'Name a generation, or --clear.',
    );
  }
  if (difference !== '') {
    throw usage(`${difference}; so it is not clear what the one before is`, 'Name a generation, or --bundle.');
  }
  const before = going.activations[1];
  if (before === undefined) throw usage('nothing was in force before', 'There is nothing to go back to.');
  return returnToGeneration(before, going);
}

/** The revision that is gone back to. What cannot be put in force is refused here, before anything is written. */
async function revisionOf(
  { earlier, now }: Return,
  activations: readonly Activation[],
  store: GenerationStore,
): Promise<string> {
  const text = await store.readKept(bundleKey(earlier));
  if (text === undefined)
    throw new GatewayError('RECORD_NOT_FOUND', `nothing is kept of ${earlier.id} ${hashText(earlier.digest)}`);
  const { manifest } = readKeptBundle(earlier.id, text, earlier);
  for (const floor of await floorsOf(earlier.id, activations, store)) {
    if (!isBelowFloor(manifest.revision, floor)) continue;
    const revision = manifest.revision === '' ? 'without a revision' : `revision ${manifest.revision}`;
    throw new GatewayError(
      'BELOW_FLOOR',
      `${earlier.id} ${hashText(earlier.digest)} (${revision}) is below the floor ${String(floor)}`,
      {
        mend: `Its manifest since ${hashText(now.digest)} or before says that nothing older may be in force again.`,
      },
    );
  }
  return manifest.revision;
}

/** Every floor that a manifest of the bundle has ever named. */
async function floorsOf(
  id: string,
  activations: readonly Activation[],
  store: GenerationStore,
): Promise<readonly (string | number)[]> {
  const keys = new Map(
    activations.flatMap(({ facts }) =>
      facts.bundles.filter((one) => one.id === id && one.digest !== '').map((one) => [one.digest, one] as const),
    ),
  );
  const floors = new Set<string | number>();
  for (const one of keys.values()) {
    const bundle = await keptOf(one, store);
    const floor = bundle?.manifest.metadata.gateway.floor;
    if (floor !== undefined) floors.add(floor);
  }
  return [...floors];
}

async function keptOf(one: Return['earlier'], store: GenerationStore): Promise<Bundle | undefined> {
  const text = await store.readKept(bundleKey(one));
  return text === undefined ? undefined : readKeptBundle(one.id, text, one);
}

/** Lets bundles follow their sources again, recorded. */
export async function clearRollback(acted: RollbackGround, { bundle, server, reason }: RollbackWish): Promise<Rolled> {
  const only = bundle ?? server;
  const pins = await acted.store.generations.pins();
  const released = pins.filter((pin) => only === undefined || pin.bundle === only);
  if (released.length === 0) {
    const known = pins.map((pin) => pin.bundle).join(', ');
    throw new GatewayError(
      'RECORD_NOT_FOUND',
      only === undefined ? 'nothing is rolled back' : `${only} is not rolled back`,
      {
        mend: known === '' ? 'All bundles follow their sources.' : `Rolled back are ${known}.`,
      },
    );
  }
  const before: Json = Object.fromEntries(released.map((pin) => [pin.bundle, pin.digest]));
  const act = acted.actOf({
    verb: 'policy.release',
    subject: only ?? 'all',
    before,
    after: null,
    reason: reason.trim(),
  });
  await acted.store.log.act(
    act,
    released.map((pin): Change => ({ kind: 'release_bundle', bundle: pin.bundle })),
  );
  return { pinned: [], released };
}

function usage(message: string, mend: string): GatewayError {
  return new GatewayError('USAGE', message, { mend });
}
