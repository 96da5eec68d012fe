import { createHash } from 'node:crypto';
import type { LibraryFiles } from '../core/rego.ts';
import { HOST_BUILTINS } from './builtins.ts';
import { NATIVE_BUILTINS } from './native-builtins.ts';
import type { Participant } from './participant.ts';
import { REWRITE_VERSION } from './rewrite.ts';

/** The version of `combine` that the records name. */
const COMBINER_VERSION = 1;
/** The version of how bundles share modules, which shows in the fuel. */
const LINKING_VERSION = 2;

export interface GenerationFacts {
  readonly participants: readonly Participant[];
  readonly library: LibraryFiles;
  /** SHA-256 of the toolchain's program. */
  readonly toolchainDigest: string;
}

/** SHA-256, hex, over everything that makes the same input give the same opinions: a new one is a new generation. */
export function generationOf({ participants, library, toolchainDigest }: GenerationFacts): string {
  const bundles = participants.map(({ id, layer, loaded }) => [
    id,
    layer,
    loaded?.bundle.digest ?? '',
    loaded?.bundle.dataDigest ?? '',
  ]);
  const facts = {
    bundles: bundles.toSorted(byText),
    library: digest(Object.entries(library).toSorted(byText)),
    toolchain: toolchainDigest,
    builtins: [...NATIVE_BUILTINS.values(), ...HOST_BUILTINS.keys()].toSorted(),
    runtime: REWRITE_VERSION,
    combiner: COMBINER_VERSION,
    linking: LINKING_VERSION,
  };
  return digest(facts);
}

function byText(left: unknown, right: unknown): number {
  const [one, other] = [JSON.stringify(left), JSON.stringify(right)];
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex');
}
