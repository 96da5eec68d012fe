import { errors, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from 'jose';

import type { Clock } from '../core/clock.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import { KeysUnavailable } from './issuer-keys.ts';

export interface TokenOptions {
  readonly issuer: string;
  readonly audience: string;
  readonly keys: JWTVerifyGetKey;
  readonly clock: Clock;
}

/** `why` is plain ASCII without quotes, fit for a header, and holds nothing of the token. */
export type Verified =
  | { readonly kind: 'verified'; readonly claims: JsonObject; readonly expiresAtMs: number }
  | { readonly kind: 'invalid'; readonly why: string }
  | { readonly kind: 'unavailable' };

/** Only what is signed with a private key: whoever can check such a token cannot make one. */
const ALGORITHMS: readonly string[] = 'RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA Ed25519'.split(' ');

/** By how much the clocks of issuer and gateway may differ. */
export const TOLERANCE_MS = 30_000;

/** What access tokens say that they are (RFC 9068, section 2.1); a logout token or a proof is none. */
const TYPES: ReadonlySet<string> = new Set(['jwt', 'at+jwt', 'application/at+jwt', 'application/jwt']);

/** Looks at a token as RFC 9068, section 4, says: signature, issuer, audience and time. Never throws for a token. */
export async function verifyToken(token: string, options: TokenOptions): Promise<Verified> {
  const { issuer, audience, keys, clock } = options;
  try {
    const { payload, protectedHeader } = await jwtVerify(token, keys, {
      algorithms: [...ALGORITHMS],
      issuer,
      audience,
      requiredClaims: ['exp'],
      clockTolerance: TOLERANCE_MS / 1000,
      currentDate: new Date(clock.now()),
    });
    const typ: unknown = protectedHeader.typ ?? 'JWT';
    if (typeof typ !== 'string' || !TYPES.has(typ.toLowerCase()))
      return { kind: 'invalid', why: 'this is no access token' };
    return verified(payload);
  } catch (thrown) {
    if (thrown instanceof KeysUnavailable) return { kind: 'unavailable' };
    if (thrown instanceof errors.JOSEError) return { kind: 'invalid', why: whyInvalid(thrown) };
    throw thrown;
  }
}

function verified(payload: JWTPayload): Verified {
  const claims: unknown = payload;
  if (!isJsonObject(claims) || payload.exp === undefined) return { kind: 'invalid', why: 'the token cannot be read' };
  // Whoever has stolen such a token must not be able to use it, and nothing here looks at the proof (RFC 9449, RFC 8705).
  if (claims['cnf'] !== undefined) return { kind: 'invalid', why: 'the token is bound to a key that was not shown' };
  return { kind: 'verified', claims, expiresAtMs: payload.exp * 1000 + TOLERANCE_MS };
}

function whyInvalid(thrown: errors.JOSEError): string {
  if (thrown instanceof errors.JWTExpired) return 'the token has expired';
  if (thrown instanceof errors.JWTClaimValidationFailed) return WRONG_CLAIM[thrown.claim] ?? 'a claim is not good';
  if (thrown instanceof errors.JWSSignatureVerificationFailed) return "the signature is not the issuer's";
  if (thrown instanceof errors.JOSEAlgNotAllowed) return 'the algorithm is not allowed';
  if (thrown instanceof errors.JWKSNoMatchingKey) return 'the issuer has no such key';
  if (thrown instanceof errors.JWKSMultipleMatchingKeys) return 'the token does not say which key it is signed with';
  return 'the token cannot be read';
}

const WRONG_CLAIM: Readonly<Record<string, string>> = {
  aud: 'the token is for another audience',
  iss: 'the token is of another issuer',
  exp: 'the token does not say when it expires',
  nbf: 'the token is not good yet',
};
