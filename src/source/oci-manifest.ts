import * as z from 'zod';
import { SourceProblem } from './source.ts';

const Descriptor = z.looseObject({
  mediaType: z.string(),
  digest: z.string().regex(/^sha256:[0-9a-f]{64}$/, 'is no sha256'),
  size: z.int().min(0),
  annotations: z.record(z.string(), z.string()).default({}),
});
export type Descriptor = z.output<typeof Descriptor>;

const Manifest = z.looseObject({ mediaType: z.string().optional(), layers: z.array(Descriptor).optional() });

/** What of an artefact makes a bundle: one archive, or files by their paths. */
export type BundleParts =
  | { readonly kind: 'archive'; readonly layer: Descriptor }
  | { readonly kind: 'files'; readonly layers: ReadonlyMap<string, Descriptor> };

export const MANIFEST_TYPES = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
] as const;

const TITLE = 'org.opencontainers.image.title';
/** What `oras push` writes on a folder that it packs: its name stands before every path in the archive. */
const UNPACK = 'io.deis.oras.content.unpack';
const PACKED =
  /[.+](?:tar\+|x-)?gzip$|^application\/(?:x-)?gzip$|^application\/vnd\.docker\.image\.rootfs\.diff\.tar\.gzip$/;
const MOST_LAYERS = 2_000;

/**
 * Finds the bundle in a manifest: the one packed layer that `opa` reads and the documentation of OPA lets one push, or files
 * pushed one by one by `oras`, which carry their paths. Throws SourceProblem. Source: OCI image specification, "Image
 * Manifest"; OPA, "OCI".
 */
export function bundleParts(manifest: Buffer, isWanted: (path: string) => boolean): BundleParts {
  const layers = layersOf(manifest);
  const [only] = layers;
  if (only === undefined) throw new SourceProblem('the artefact has no layer', PUSH);
  const packed = layers.filter(isPacked);
  const [archive] = packed;
  if (archive !== undefined && packed.length === 1) {
    if (archive.annotations[UNPACK] === 'true')
      throw new SourceProblem('the artefact is a folder that oras has packed under its name', PUSH);
    return { kind: 'archive', layer: archive };
  }
  if (packed.length > 1) throw new SourceProblem(`the artefact has ${packed.length} packed layers`, PUSH);
  const titled = layers.flatMap((layer) => {
    const path = layer.annotations[TITLE];
    return path !== undefined && isWanted(path) ? [[path, layer] as const] : [];
  });
  if (titled.length === 0)
    throw new SourceProblem(`there is no bundle in the artefact (its layer is of type ${shown(only.mediaType)})`, PUSH);
  if (new Set(titled.map(([path]) => path)).size < titled.length)
    throw new SourceProblem('two layers of the artefact have one path', PUSH);
  return { kind: 'files', layers: new Map(titled) };
}

const PUSH =
  'Push what `bundle build` writes: oras push HOST/NAME:TAG bundle.tar.gz:application/vnd.oci.image.layer.v1.tar+gzip';

function layersOf(bytes: Buffer): readonly Descriptor[] {
  const { mediaType = MANIFEST_TYPES[0], layers } = parsed(bytes);
  if (!MANIFEST_TYPES.some((type) => type === mediaType))
    throw new SourceProblem(
      `it is of type ${shown(mediaType)}, not one artefact`,
      'Name the artefact itself by its tag or digest.',
    );
  if (layers === undefined || layers.length > MOST_LAYERS)
    throw new SourceProblem('its manifest lists no layers, or too many', PUSH);
  return layers;
}

function parsed(bytes: Buffer): z.output<typeof Manifest> {
  try {
    return Manifest.parse(JSON.parse(bytes.toString()));
  } catch {
    throw new SourceProblem('its manifest is not one of an artefact', 'Check the address, and what was published.');
  }
}

/** `oras` gives every file without a type that of a layer, whatever is in it. */
function isPacked({ mediaType, annotations }: Descriptor): boolean {
  return PACKED.test(mediaType) || /\.(tar\.gz|tgz)$/.test(annotations[TITLE] ?? '');
}

function shown(mediaType: string): string {
  return JSON.stringify(mediaType.slice(0, 80));
}
