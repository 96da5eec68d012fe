import { resolve } from 'node:path';
import { messageOf } from '../core/errors.ts';
import { GatewayError } from '../core/errors.ts';
import { shortHash } from '../core/generation.ts';
import { type BundleSignature, hasEnded, SIGNATURE_ALGORITHMS, type Signer, startOf } from '../core/signature.ts';
import { makeBundle } from '../policy/bundle.ts';
import { SIGNATURES } from '../policy/bundle-path.ts';
import { describeSignatures, type SaidSignature, verifySignatures } from '../policy/signature.ts';
import { type PublicSigner, readSigners } from '../policy/signer-keys.ts';
import { readNamed } from './bundle-loader.ts';
import type { CommandContext } from './context.ts';
import { EXIT } from './exit.ts';
import { printJson, printLine, printTable, visible } from './terminal.ts';

export interface VerifyOptions {
  readonly key?: readonly string[];
  readonly kid?: string;
  readonly alg?: string;
  readonly scope?: string;
  readonly json?: boolean;
}

/** Holds a bundle to the keys that are named, each of which must have signed it, exactly as a gateway does. */
export async function verify(context: CommandContext, path: string, options: VerifyOptions): Promise<void> {
  const { terminal, environment } = context;
  const { key: keys = [] } = options;
  const signers = await read(keys.map((key) => signerOf(resolve(environment.workingFolder, key), options)));
  const bundle = await readNamed(context, path);
  const { digest } = makeBundle('verified', bundle);
  const signatures = bundle.files.has(SIGNATURES) ? describeSignatures(bundle.files) : [];
  const { problem, signer } = await held(bundle.files, signers);
  if (problem !== '') context.setExit(EXIT.findings);
  if (options.json === true)
    return printJson(terminal, 'bundle-verify', { ok: problem === '', path, digest, signer, problem, signatures });
  if (signatures.length > 0)
    printTable(terminal, ['says it is by', 'with', 'scope', 'from', 'until', 'files'], signatures.map(cellsOf));
  if (problem === '') return printLine(terminal, `${path}: ${shortHash(digest)} is signed by ${signer.join(' and ')}`);
  terminal.err.write(`error BUNDLE_SIGNATURE ${visible(path)}: ${visible(problem)}\n`);
}

function cellsOf({ kid, algorithm, scope, starts, ends, files }: SaidSignature): readonly string[] {
  return [visible(kid) || '-', visible(algorithm), visible(scope) || '-', starts ?? '-', ends ?? '-', String(files)];
}

function signerOf(path: string, { kid = '', alg, scope = '' }: VerifyOptions): Signer {
  const algorithm = SIGNATURE_ALGORITHMS.find((name) => name === alg);
  if (alg !== undefined && algorithm === undefined)
    throw new GatewayError('USAGE', `bundles are not signed with ${alg}`, {
      mend: `It is one of ${SIGNATURE_ALGORITHMS.join(', ')}.`,
    });
  return { key: { kind: 'file', path }, kid, algorithm, scope };
}

async function read(signers: readonly Signer[]): Promise<readonly PublicSigner[]> {
  try {
    return await readSigners(signers);
  } catch (cause) {
    throw new GatewayError('USAGE', messageOf(cause), { mend: 'Name a public key in PEM with --key.', cause });
  }
}

interface Held {
  /** Empty where each of them has signed it. */
  readonly problem: string;
  /** Thumbprints. */
  readonly signer: readonly string[];
}

async function held(files: Parameters<typeof verifySignatures>[0], signers: readonly PublicSigner[]): Promise<Held> {
  if (signers.length === 0)
    return { problem: 'nobody is named by whom it should be signed; name a public key with --key', signer: [] };
  try {
    const signature = await verifySignatures(files, signers);
    return { problem: timeProblem(signature, Date.now()), signer: signature.signer.split(',') };
  } catch (thrown) {
    return { problem: messageOf(thrown), signer: [] };
  }
}

function timeProblem(signature: BundleSignature, nowMs: number): string {
  if (hasEnded(signature, nowMs)) return 'its signature has ended';
  const startsMs = startOf(signature, nowMs);
  return startsMs === undefined ? '' : `its signature counts from ${new Date(startsMs).toISOString()} on, and not yet`;
}
