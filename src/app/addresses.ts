import type { BundleOrigin } from './bundles.ts';
import { demandOf } from './signing.ts';
import type { Config } from '../config/paths.ts';
import type { BundleCredentials } from '../config/schema-remote.ts';
import type { PolicySource } from '../config/schema-servers.ts';
import type { BundleAddress } from '../core/bundle-address.ts';
import type { JsonObject } from '../core/json.ts';
import type { Layer } from '../core/opinion.ts';
import type { SignatureDemand } from '../core/signature.ts';

/** A configured bundle that has an address. */
export interface RemoteBundle {
  /** Of a server's bundle the server's id, of an agent's `agent-<id>`. */
  readonly id: string;
  readonly layer: Layer;
  readonly address: BundleAddress;
  readonly refreshMs: number;
  readonly maxAgeMs: number | undefined;
  readonly credentials: BundleCredentials | undefined;
  /** Values for `data.<root>.config`. */
  readonly data: JsonObject;
  /** Whose signatures it must carry. */
  readonly demand: SignatureDemand;
}

/** The bundles of the configuration that have an address, in the order of the file. */
export function remoteBundles({ policies, mcpServers, agents }: Config): readonly RemoteBundle[] {
  const written = [
    ...policies.org,
    ...Object.entries(mcpServers).map(([id, { policy }]) => ({ ...policy, id, layer: 'server' as const })),
    ...Object.entries(agents).flatMap(([id, { policy }]) =>
      policy === undefined ? [] : [{ ...policy, id: `agent-${id}`, layer: 'identity' as const, data: {} }],
    ),
  ];
  return written.flatMap((bundle) => {
    const origin = originOf(bundle, demandOf(bundle.signer, policies.layers[bundle.layer].signed));
    return origin?.kind === 'remote' ? [origin.remote] : [];
  });
}

interface WrittenBundle {
  readonly id: string;
  readonly layer: Layer;
  readonly source: PolicySource;
  readonly refresh: number;
  readonly maxAge?: number | undefined;
  readonly credentials?: BundleCredentials | undefined;
  readonly data: JsonObject;
}

/** Where the configuration says that a bundle is; undefined where it does not say. */
export function originOf(bundle: WrittenBundle, demand: SignatureDemand): BundleOrigin | undefined {
  const { id, layer, source, refresh: refreshMs, maxAge: maxAgeMs, credentials, data } = bundle;
  if (source.kind === 'path') return { kind: 'path', path: source.path };
  if (source.kind !== 'remote') return undefined;
  const { address } = source;
  return { kind: 'remote', remote: { id, layer, address, refreshMs, maxAgeMs, credentials, data, demand } };
}
