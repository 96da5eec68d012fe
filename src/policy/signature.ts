import { compactVerify, decodeProtectedHeader, errors } from 'jose';
import * as z from 'zod';
import type { BundleFiles } from '../core/bundle-feed.ts';
import type { JsonObject } from '../core/json.ts';
import type { BundleSignature } from '../core/signature.ts';
import { readJsonObject } from './bundle-data.ts';
import { belongsToBundle, SIGNATURES } from './bundle-path.ts';
import { fileDigest } from './structured-digest.ts';
import type { PublicSigner } from './signer-keys.ts';

type Files = BundleFiles['files'];

/** A bundle is signed by so many at most; each has to be tried with each key. */
const MOST_SIGNATURES = 16;

const SignatureFile = z.strictObject({
  signatures: z.array(z.string().max(8_000_000)).min(1).max(MOST_SIGNATURES),
  plugin: z.enum(['', '_default']).optional(),
});

/** No date lies further from 1970. */
const MOST_SECONDS = 8_640_000_000_000;

const Time = z.number().min(-MOST_SECONDS).max(MOST_SECONDS);

const Payload = z.looseObject({
  files: z.array(z.strictObject({ name: z.string(), hash: z.string(), algorithm: z.string() })),
  scope: z.string().default(''),
  /** What older versions of OPA have in the place of `kid`. */
  keyid: z.string().default(''),
  /** Seconds since the epoch. */
  exp: Time.optional(),
  nbf: Time.optional(),
});
export type SignedPayload = z.output<typeof Payload>;

/** Whether there is a file of signatures at all; nothing is said of them. */
export function isSigned(files: Files): boolean {
  return files.has(SIGNATURES);
}

/**
 * Holds the files of a bundle to the signatures in `.signatures.json`: each of the signers must have signed exactly these
 * files. Throws an Error that says what is wrong; whether they count already, and still do, is left to whoever has a clock.
 * Source: OPA, "Bundles", section "Signing".
 */
export async function verifySignatures(
  files: Files,
  signers: readonly PublicSigner[],
): Promise<Extract<BundleSignature, { kind: 'verified' }>> {
  const tokens = signaturesIn(files);
  const starts: number[] = [];
  const ends: number[] = [];
  for (const signer of signers) {
    const { nbf, exp } = await verifiedBy(signer, tokens, files);
    if (nbf !== undefined) starts.push(nbf * 1000);
    if (exp !== undefined) ends.push(exp * 1000);
  }
  return {
    kind: 'verified',
    signer: signers
      .map(({ thumbprint }) => thumbprint)
      .toSorted()
      .join(','),
    startsMs: starts.length === 0 ? null : Math.max(...starts),
    endsMs: ends.length === 0 ? null : Math.min(...ends),
  };
}

/** The signatures of a bundle, each a compact JWS. Throws an Error where there are none that could be read. */
export function signaturesIn(files: Files): readonly string[] {
  const bytes = files.get(SIGNATURES);
  if (bytes === undefined) throw new Error(`it is not signed: there is no ${SIGNATURES} in it`);
  const read = readJsonObject('', SIGNATURES, bytes);
  if (read.kind === 'refused') throw new Error(`${SIGNATURES}: ${read.problems[0]?.message ?? 'cannot be read'}`);
  const parsed = SignatureFile.safeParse(read.value);
  if (parsed.success) return parsed.data.signatures;
  const [issue] = parsed.error.issues;
  throw new Error(`${SIGNATURES}: ${issue?.path.join('.') ?? ''} ${issue?.message ?? 'is malformed'}`);
}

/** The one signature that is of this key, held to the files. */
async function verifiedBy(signer: PublicSigner, tokens: readonly string[], files: Files): Promise<SignedPayload> {
  const refusals: string[] = [];
  for (const token of tokens) {
    const read = await openWith(signer, token);
    if (read.kind === 'refused') {
      refusals.push(read.why);
      continue;
    }
    const { payload } = read;
    if (payload.scope !== signer.scope)
      throw new Error(`it is signed for the scope "${payload.scope}", not for "${signer.scope}"`);
    const problem = fileProblem(payload, files);
    if (problem !== '') throw new Error(problem);
    return payload;
  }
  throw new Error(`it is not signed by ${nameOf(signer)}: ${[...new Set(refusals)].join('; ')}`);
}

function nameOf({ kid, thumbprint }: PublicSigner): string {
  return kid === '' ? `the key ${thumbprint.slice(0, 12)}` : `the key ${JSON.stringify(kid)}`;
}

type Opened =
  | { readonly kind: 'ok'; readonly payload: SignedPayload }
  | { readonly kind: 'refused'; readonly why: string };

async function openWith(signer: PublicSigner, token: string): Promise<Opened> {
  const { key, algorithm, kid } = signer;
  const refuse = (why: string): Opened => ({ kind: 'refused', why });
  try {
    // The algorithm is the key's; what the signature says of itself must be the same.
    const { payload, protectedHeader } = await compactVerify(token, key, { algorithms: [algorithm] });
    const read = payloadOf(payload);
    if (read === undefined) return refuse('what is signed is no list of files');
    const named = protectedHeader.kid ?? read.keyid;
    if (kid !== '' && named !== kid) return refuse(`its signature calls its key ${shown(named)}`);
    return { kind: 'ok', payload: read };
  } catch (thrown) {
    return refuse(whyNot(thrown, token));
  }
}

function whyNot(thrown: unknown, token: string): string {
  if (thrown instanceof errors.JOSEAlgNotAllowed) return `a signature says that it is by ${shown(headerIn(token).alg)}`;
  if (thrown instanceof errors.JWSSignatureVerificationFailed) return 'a signature is not by this key';
  return 'a signature cannot be read';
}

function headerIn(token: string): ReturnType<typeof decodeProtectedHeader> {
  try {
    return decodeProtectedHeader(token);
  } catch {
    return {};
  }
}

/** Somebody else has written it. */
function shown(text: unknown): string {
  return JSON.stringify(typeof text === 'string' ? text.slice(0, 64) : '');
}

/** Read strictly: a member that stands twice would be read otherwise by others. */
function payloadOf(bytes: Uint8Array): SignedPayload | undefined {
  const read = readJsonObject('', SIGNATURES, bytes);
  return read.kind === 'ok' ? Payload.safeParse(read.value).data : undefined;
}

/** What is wrong with the files of a bundle, empty where they are exactly those that were signed. */
export function fileProblem({ files: signed }: SignedPayload, files: Files): string {
  const bundled = signed.filter(({ name }) => belongsToBundle(name));
  const byName = new Map(bundled.map((file) => [file.name, file]));
  if (byName.size < bundled.length) return 'its signature names a file twice';
  const missing = bundled.find(({ name }) => !files.has(name));
  if (missing !== undefined) return `${missing.name} was signed and is not there`;
  for (const [path, bytes] of files) {
    if (path === SIGNATURES) continue;
    const file = byName.get(path);
    if (file === undefined) return `${path} is there and was not signed`;
    const problem = digestProblem(file, bytes);
    if (problem !== '') return `${path}: ${problem}`;
  }
  return '';
}

type SignedFile = SignedPayload['files'][number];

function digestProblem({ name, hash, algorithm }: SignedFile, bytes: Uint8Array): string {
  try {
    return fileDigest(name, bytes, algorithm) === hash.toLowerCase() ? '' : 'it is not as it was signed';
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : 'its digest cannot be made';
  }
}

/** What a signature says of itself, whoever it is by. */
export type SaidSignature = {
  readonly kid: string;
  readonly algorithm: string;
  readonly scope: string;
  /** RFC 3339. */
  readonly starts: string | null;
  readonly ends: string | null;
  readonly files: number;
};

/** The signatures of a bundle in their own words, of which nothing is held to anything. */
export function describeSignatures(files: Files): readonly SaidSignature[] {
  return signaturesIn(files).map((token) => {
    const { files: signed = [], scope = '', keyid = '', nbf, exp } = payloadIn(token) ?? {};
    const { kid = keyid, alg = '' } = headerIn(token);
    return { kid, algorithm: alg, scope, starts: timeOf(nbf), ends: timeOf(exp), files: signed.length };
  });
}

function timeOf(seconds: number | undefined): string | null {
  return seconds === undefined ? null : new Date(seconds * 1000).toISOString();
}

/** What one signature says, whoever it is by: for showing, and for signing beside it. Undefined where it cannot be read. */
export function payloadIn(token: string): SignedPayload | undefined {
  const [, payload = ''] = token.split('.');
  return payloadOf(Buffer.from(payload, 'base64url'));
}

/** What is signed: every file with its digest, in the order of their names. */
export function filesToSign(files: Files): readonly JsonObject[] {
  return [...files]
    .filter(([path]) => path !== SIGNATURES)
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
    .map(([name, bytes]) => ({ name, hash: fileDigest(name, bytes, 'SHA-256'), algorithm: 'SHA-256' }));
}
