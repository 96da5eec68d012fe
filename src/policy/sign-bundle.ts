import { createPublicKey, type KeyObject } from 'node:crypto';
import { CompactSign, compactVerify } from 'jose';
import type { BundleFiles } from '../core/bundle-feed.ts';
import { canonicalJson } from '../core/canonical-json.ts';
import type { JsonObject } from '../core/json.ts';
import type { SignatureAlgorithm } from '../core/signature.ts';
import { SIGNATURES } from './bundle-path.ts';
import { fileProblem, filesToSign, isSigned, payloadIn, signaturesIn } from './signature.ts';

type Files = BundleFiles['files'];

export interface Signing {
  /** Private. */
  readonly key: KeyObject;
  readonly algorithm: SignatureAlgorithm;
  /** What the signature calls the key; empty for nothing. */
  readonly kid: string;
  readonly scope: string;
  /** From when on the signature counts, milliseconds since the epoch; undefined for at once. */
  readonly startsMs: number | undefined;
  /** When the signature ends, milliseconds since the epoch; undefined for never. */
  readonly endsMs: number | undefined;
  /** Whether the signatures of other keys stay; they must be over the same files. */
  readonly isAdded: boolean;
}

/**
 * The bundle with its `.signatures.json`. The same files, key and settings give the same bytes, but for ECDSA, whose
 * signatures differ each time. Throws an Error where what is signed already are other files.
 * Source: OPA, "Bundles", section "Signature Format".
 */
export async function signBundle(files: Files, signing: Signing): Promise<Files> {
  const before = signing.isAdded && isSigned(files) ? signaturesIn(files) : [];
  for (const token of before) {
    const payload = payloadIn(token);
    const problem = payload === undefined ? 'a signature cannot be read' : fileProblem(payload, files);
    if (problem !== '') throw new Error(`what is signed already is another bundle: ${problem}`);
  }
  const isOurs = await Promise.all(before.map((token) => isBy(token, signing)));
  const others = before.filter((_, index) => isOurs[index] !== true);
  const signatures = [...others, await tokenOf(files, signing)];
  const text = `${JSON.stringify({ signatures }, null, 1)}\n`;
  return new Map([...files, [SIGNATURES, Buffer.from(text)]]);
}

async function isBy(token: string, { key, algorithm }: Signing): Promise<boolean> {
  try {
    await compactVerify(token, createPublicKey(key), { algorithms: [algorithm] });
    return true;
  } catch {
    return false;
  }
}

function tokenOf(files: Files, { key, algorithm, kid, scope, startsMs, endsMs }: Signing): Promise<string> {
  const payload: JsonObject = {
    files: [...filesToSign(files)],
    ...(scope === '' ? {} : { scope }),
    ...(kid === '' ? {} : { keyid: kid }),
    ...(startsMs === undefined ? {} : { nbf: Math.ceil(startsMs / 1000) }),
    ...(endsMs === undefined ? {} : { exp: Math.floor(endsMs / 1000) }),
  };
  return new CompactSign(Buffer.from(canonicalJson(payload)))
    .setProtectedHeader({ alg: algorithm, ...(kid === '' ? {} : { kid }), typ: 'JWT' })
    .sign(key);
}
