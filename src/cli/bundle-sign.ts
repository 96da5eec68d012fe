import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { replaceFile } from '../config/replace-file.ts';
import type { BundleFiles } from '../core/bundle-feed.ts';
import { GatewayError, messageOf } from '../core/errors.ts';
import { shortHash } from '../core/generation.ts';
import { isOrdered } from '../core/revision.ts';
import { SIGNATURE_ALGORITHMS, type SignatureAlgorithm } from '../core/signature.ts';
import { makeBundle } from '../policy/bundle.ts';
import { SIGNATURES } from '../policy/bundle-path.ts';
import { signBundle, type Signing } from '../policy/sign-bundle.ts';
import { signaturesIn } from '../policy/signature.ts';
import { algorithmFor, thumbprintOf } from '../policy/signer-keys.ts';
import { writeArchive } from '../policy/write-archive.ts';
import { isOpenToOthers, ownFile } from '../state/private-file.ts';
import { readNamed } from './bundle-loader.ts';
import type { CommandContext } from './context.ts';
import { printJson, printLine, type Terminal } from './terminal.ts';

export interface SignOptions {
  readonly key: string;
  readonly kid?: string;
  readonly alg?: string;
  readonly scope?: string;
  /** Milliseconds from now. */
  readonly startsIn?: number;
  readonly endsIn?: number;
  readonly add?: boolean;
  readonly json?: boolean;
}

/** Signs every file of a bundle as OPA does: into a folder, or into the archive itself. */
export async function sign(context: CommandContext, path: string, options: SignOptions): Promise<void> {
  const { terminal, environment } = context;
  const signing = signingOf(resolve(environment.workingFolder, options.key), options);
  const bundle = await readNamed(context, path);
  // What nobody can use is not signed.
  const { digest, manifest } = makeBundle('signed', bundle);
  const signer = await thumbprintOf(createPublicKey(signing.key));
  const signed = await withSignature(bundle, signing);
  write(resolve(environment.workingFolder, path), signed);
  const starts = timeOf(signing.startsMs);
  const ends = timeOf(signing.endsMs);
  const { algorithm, kid, scope } = signing;
  const signatures = signaturesIn(signed).length;
  if (!isOrdered(manifest.revision)) warn(terminal, path);
  if (options.json === true)
    return printJson(terminal, 'bundle-sign', {
      path,
      digest,
      signer,
      algorithm,
      kid,
      scope,
      starts,
      ends,
      signatures,
    });
  const times = `${starts === null ? '' : `, from ${starts}`}${ends === null ? '' : `, until ${ends}`}`;
  return printLine(terminal, `${path}: ${shortHash(digest)} is signed by ${signer} (${algorithm})${times}`);
}

function timeOf(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}

function warn(terminal: Terminal, path: string): void {
  terminal.err.write(
    `warning ${path} has no revision that stands in an order, such as 7 or 1.4.0: an older state of it that was signed ` +
      'cannot be told from a newer one\n',
  );
}

async function withSignature({ files }: BundleFiles, signing: Signing): Promise<BundleFiles['files']> {
  try {
    return await signBundle(files, signing);
  } catch (cause) {
    throw new GatewayError('BUNDLE_SIGNATURE', messageOf(cause), {
      mend: 'Without --add its signatures are replaced.',
      cause,
    });
  }
}

/** Throws USAGE where the key cannot be read, is open to others, or cannot sign so. */
function signingOf(
  keyPath: string,
  { kid = '', alg, scope = '', startsIn, endsIn, add = false }: SignOptions,
): Signing {
  const key = privateKeyAt(keyPath);
  if (startsIn !== undefined && endsIn !== undefined && endsIn <= startsIn)
    throw new GatewayError('USAGE', 'the signature would end before it counts', {
      mend: 'Both are counted from now: make --ends-in longer than --starts-in.',
    });
  const now = Date.now();
  const startsMs = startsIn === undefined ? undefined : now + startsIn;
  const endsMs = endsIn === undefined ? undefined : now + endsIn;
  return { key, algorithm: algorithmOf(key, alg, keyPath), kid, scope, startsMs, endsMs, isAdded: add };
}

function algorithmOf(key: KeyObject, asked: string | undefined, path: string): SignatureAlgorithm {
  const known = SIGNATURE_ALGORITHMS.find((name) => name === asked);
  if (asked !== undefined && known === undefined)
    throw new GatewayError('USAGE', `bundles are not signed with ${asked}`, {
      mend: `Use ${SIGNATURE_ALGORITHMS.join(', ')}; or leave --alg out, and it follows from the key.`,
    });
  try {
    return algorithmFor(createPublicKey(key), known, path);
  } catch (cause) {
    throw new GatewayError('USAGE', messageOf(cause), { cause });
  }
}

function privateKeyAt(path: string): KeyObject {
  const pem = readPrivate(path);
  try {
    return createPrivateKey(pem);
  } catch (cause) {
    throw new GatewayError('USAGE', `${path} is no private key in PEM without a password`, {
      mend: 'Make one: openssl genpkey -algorithm ed25519 -out signing.pem',
      cause,
    });
  }
}

function readPrivate(path: string): string {
  if (statSync(path, { throwIfNoEntry: false }) === undefined)
    throw new GatewayError('USAGE', `there is no key ${path}`, {
      mend: 'Make one: openssl genpkey -algorithm ed25519 -out signing.pem',
    });
  if (isOpenToOthers(ownFile(path, 'USAGE')))
    throw new GatewayError('USAGE', `others may read the key ${path}`, { mend: `Run \`chmod 600 ${path}\`.` });
  return readFileSync(path, 'utf8');
}

function write(path: string, files: BundleFiles['files']): void {
  try {
    const isFolder = statSync(path).isDirectory();
    if (isFolder) replaceFile(join(path, SIGNATURES), Buffer.from(files.get(SIGNATURES) ?? []));
    else replaceFile(path, writeArchive(files));
  } catch (cause) {
    if (cause instanceof GatewayError) throw cause;
    throw new GatewayError('USAGE', `${path} cannot be written: ${messageOf(cause)}`, { cause });
  }
}
