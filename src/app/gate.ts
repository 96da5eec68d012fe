import type { AppOptions } from './options.ts';
import type { Config } from '../config/paths.ts';
import { type Gate, openGate } from '../downstream/gate.ts';
import { type FoundKey, guardedGate, type OidcOptions } from '../downstream/guarded-gate.ts';
import type { Identity } from '../downstream/identity.ts';
import type { Store } from '../state/store.ts';
import { oauthFetch } from '../upstream/oauth-fetch.ts';

/** Where clients reach one HTTP door. */
export interface DoorAddress {
  readonly path: string;
  readonly ssePath: string | undefined;
  readonly publicUrl: URL | undefined;
}

/** Who is let in over HTTP, by `gateway.auth`; where it says nothing, whoever reaches the door is `everybody`. */
export function gateOf(
  store: Pick<Store, 'agentKey'>,
  { config, clock, logger }: Pick<AppOptions, 'config' | 'clock' | 'logger'>,
  { everybody, resource }: { readonly everybody: Identity; readonly resource: DoorAddress },
): Gate {
  const { auth } = config.gateway;
  if (auth === undefined) return openGate(everybody);
  return guardedGate({
    oidc: auth.oidc && oidcOf(auth.oidc),
    findKey: auth.apiKeys ? (hash) => foundKey(store, hash) : undefined,
    agents: new Set(Object.keys(config.agents)),
    resource,
    clock,
    logger,
  });
}

type OidcSettings = NonNullable<NonNullable<Config['gateway']['auth']>['oidc']>;

/** Longest that an issuer may take, milliseconds: a request waits for it. */
const ISSUER_TIMEOUT_MS = 5_000;

function oidcOf({ issuer, audience, claims = {}, requiredScopes, scopes }: OidcSettings): OidcOptions {
  const url = new URL(issuer);
  const fetch = oauthFetch({ serverUrl: url, issuer: url, timeoutMs: ISSUER_TIMEOUT_MS });
  return { issuer, audience, claims, requiredScopes, scopes, fetch };
}

async function foundKey(store: Pick<Store, 'agentKey'>, hash: string): Promise<FoundKey | undefined> {
  const key = await store.agentKey(hash);
  if (key === undefined) return undefined;
  const { id, agent, user, groups, dataClasses } = key;
  return { id, hash: key.hash, entry: { agent, user, groups: [...groups], data_classes: [...dataClasses] } };
}
