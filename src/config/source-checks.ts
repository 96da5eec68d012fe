import type { BundleAddress } from '../core/bundle-address.ts';
import type { Layer } from '../core/opinion.ts';
import type { Signer } from '../core/signature.ts';
import type { Complaint } from './problems.ts';
import type { ConfigFile } from './schema.ts';
import type { PolicySource } from './schema-servers.ts';
import { nodeAt, type TreeNode } from './tree.ts';

/** A bundle of the configuration, and where its settings stand. */
interface WrittenBundle {
  readonly source: PolicySource;
  readonly refresh: number;
  readonly maxAge?: number | undefined;
  readonly layer: Layer;
  readonly signer?: readonly Signer[] | undefined;
  readonly path: readonly PropertyKey[];
}

/** Which settings are of no use to a bundle, or of none together. */
export function sourceComplaints(config: ConfigFile, root: TreeNode): readonly Complaint[] {
  return writtenBundles(config).flatMap((bundle) => [
    ...signerComplaints(bundle, config),
    ...(bundle.source.kind === 'remote'
      ? [...ageComplaints(bundle), ...credentialComplaints(bundle, bundle.source.address, root)]
      : idleComplaints(bundle, root)),
  ]);
}

function writtenBundles({ policies, mcpServers, agents }: ConfigFile): readonly WrittenBundle[] {
  return [
    ...policies.org.map((bundle, index) => ({ ...bundle, path: ['policies', 'org', index] })),
    ...Object.entries(mcpServers).map(([id, { policy }]) => ({
      ...policy,
      layer: 'server' as const,
      path: ['mcpServers', id, 'policy'],
    })),
    ...Object.entries(agents).flatMap(([id, { policy }]) =>
      policy === undefined ? [] : [{ ...policy, layer: 'identity' as const, path: ['agents', id, 'policy'] }],
    ),
  ];
}

/** What is looked for beside the server may come with the gateway, so that it is asked when it is found. */
function signerComplaints(
  { source, layer, signer, path }: WrittenBundle,
  { policies }: ConfigFile,
): readonly Complaint[] {
  const isNamed = source.kind === 'path' || source.kind === 'remote';
  if (!isNamed || !policies.layers[layer].signed || signer !== undefined) return [];
  return [
    {
      code: 'E_CONFLICT',
      path: [...path, 'source'],
      message: `is of a bundle without a signer, which policies.layers.${layer}.signed demands`,
      help: 'name the public key of whoever signs it under signer',
      isAboutKey: true,
    },
  ];
}

function ageComplaints({ maxAge, refresh, path }: WrittenBundle): readonly Complaint[] {
  if (maxAge === undefined || maxAge > refresh) return [];
  return [
    {
      code: 'E_CONFLICT',
      path: [...path, 'maxAge'],
      message: 'is not longer than refresh: the bundle would count as missing between two questions',
      help: 'make it several times as long',
    },
  ];
}

/** Over ssh and on this machine, git shows what the person who runs the gateway has. */
function credentialComplaints({ path }: WrittenBundle, address: BundleAddress, root: TreeNode): readonly Complaint[] {
  const place = [...path, 'credentials'];
  const isShown = address.kind !== 'git' || address.protocol === 'https' || address.protocol === 'http';
  if (isShown || nodeAt(root, place) === undefined) return [];
  return [
    {
      code: 'E_CONFLICT',
      path: place,
      message: `are not shown over git+${address.protocol}: git uses the keys of whoever runs the gateway`,
      help: 'leave them out',
      isAboutKey: true,
    },
  ];
}

function idleComplaints({ source, path }: WrittenBundle, root: TreeNode): readonly Complaint[] {
  return ['refresh', 'maxAge', 'credentials']
    .map((key) => [...path, key])
    .filter((place) => nodeAt(root, place) !== undefined)
    .map((place) => ({
      code: 'W_WITHOUT_EFFECT' as const,
      path: place,
      message: `has no effect: the source is ${source.kind === 'path' ? 'a path' : source.kind}, not an address`,
      help: 'leave it out',
      isAboutKey: true,
    }));
}
