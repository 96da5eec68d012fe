import { readLibrary, rememberedValidation } from '../app/bundles.ts';
import { dataFor } from '../app/diff.ts';
import { bundlesOf } from '../app/generation.ts';
import { impactOf } from '../app/impact.ts';
import { SHIPPED_ANSWERS, type WantedBundle } from '../app/policies.ts';
import { storePlaceOf } from '../app/store-place.ts';
import type { Config } from '../config/paths.ts';
import type { LockedServer } from '../core/server-lock.ts';
import { NO_SIGNATURE_DEMANDED } from '../core/signature.ts';
import { Toolchain } from '../rego/toolchain.ts';
import type { Impact } from '../review/impact.ts';
import { ChainKeys } from '../state/chain-key.ts';
import { DecisionReader } from '../state/decision-reader.ts';
import { clock } from './server-sign-ins.ts';
import type { UnitWork } from './server-unit.ts';

/** What an update would put in place of what. */
export interface UnitCandidate {
  readonly server: string;
  /** The bundle of the candidate; undefined where it has none. */
  readonly bundlePath: string | undefined;
  readonly before: LockedServer;
  readonly after: LockedServer;
}

const LOOKED_BACK_MS = 7 * 86_400_000;

/**
 * Makes the calls of the last week that went to the server again, as if its other bundle had been in force. Undefined where
 * the bundle stays as it is, and where nothing was in force on this store yet.
 */
export async function impactOfUnit(unit: UnitCandidate, { config, context }: UnitWork): Promise<Impact | undefined> {
  const { server, before, after } = unit;
  if (before.bundle?.digest === after.bundle?.digest) return undefined;
  const { cache, home } = context.environment;
  const reader = new DecisionReader(storePlaceOf(config));
  const toolchain = new Toolchain({ cacheFolder: cache, shippedFolder: SHIPPED_ANSWERS });
  try {
    const [newest] = await reader.generations.activations(1);
    if (newest === undefined) return undefined;
    const from = await bundlesOf(newest, reader.generations);
    const { required, evaluationFuel } = newest.facts;
    const loader = { toolchain, library: readLibrary(), validate: rememberedValidation(toolchain) };
    return await impactOf(
      {
        from,
        to: withUnit(from, unit, config),
        reader,
        keys: new ChainKeys(home),
        since: clock.now() - LOOKED_BACK_MS,
        server,
      },
      { loader, required, evaluationFuel, engine: config.policies.engine, clock },
    );
  } finally {
    await reader.close();
    await toolchain.close();
  }
}

function withUnit(
  from: readonly WantedBundle[],
  { server, bundlePath }: UnitCandidate,
  config: Config,
): readonly WantedBundle[] {
  const others = from.filter(({ place }) => place.kind !== 'server' || place.server !== server);
  if (bundlePath === undefined) return others;
  const own = from.find(({ id }) => id === server);
  const { mode = 'enforce', ruleModes = {} } = own ?? {};
  const candidate: WantedBundle = {
    id: server,
    layer: 'server',
    place: { kind: 'server', server },
    origin: { kind: 'path', path: bundlePath },
    mode,
    ruleModes,
    data: dataFor(server, config),
    // It was held to its signature when it was looked at.
    demand: NO_SIGNATURE_DEMANDED,
  };
  return [...others, candidate];
}
