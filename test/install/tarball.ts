import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import * as z from 'zod';

const Packed = z.object({
  filename: z.string(),
  size: z.number(),
  unpackedSize: z.number(),
  files: z.array(z.object({ path: z.string() })),
});

export interface Tarball {
  readonly file: string;
  readonly bytes: number;
  readonly unpackedBytes: number;
  /** What is in it, sorted. */
  readonly paths: readonly string[];
}

/** The package as it would be published, in that folder. What `npm run build` and `npm run sbom` made must be there. */
export function makeTarball(folder: string): Tarball {
  const answer = execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  // Up to npm 11 it is a list, from npm 12 on an object by name.
  const [packed] = z
    .array(Packed)
    .parse(Object.values(z.union([z.array(Packed), z.record(z.string(), Packed)]).parse(JSON.parse(answer))));
  if (packed === undefined) throw new Error('npm packed nothing');
  return {
    file: join(folder, packed.filename),
    bytes: packed.size,
    unpackedBytes: packed.unpackedSize,
    paths: packed.files.map(({ path }) => path).toSorted(),
  };
}
