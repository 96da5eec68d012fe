import { createHmac } from 'node:crypto';
import { type CryptoKey, exportSPKI, importJWK } from 'jose';

import { TOLERANCE_MS } from '../../src/downstream/verify-token.ts';
import { anIssuer, AUDIENCE, type Issuer } from './an-issuer.ts';

export interface BadToken {
  /** Ends the sentence “a token is not let in”. */
  readonly name: string;
  readonly make: (issuer: Issuer) => Promise<string> | string;
  readonly why: string;
}

const now = (): number => Math.floor(Date.now() / 1000);
const tolerance = TOLERANCE_MS / 1000;
const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const unsigned = ({ issuer }: Issuer, alg: string): string =>
  `${part({ alg, typ: 'at+jwt' })}.${part({ iss: issuer, aud: AUDIENCE, sub: 'ana', client_id: 'worker', exp: now() + 60 })}`;

/** Tokens and keys that a gateway must not take. */
export const BAD_TOKENS: readonly BadToken[] = [
  {
    name: 'that has expired',
    make: (i) => i.sign({ claims: { exp: now() - tolerance - 1 } }),
    why: 'the token has expired',
  },
  {
    name: 'that is not good yet',
    make: (i) => i.sign({ claims: { nbf: now() + tolerance + 9 } }),
    why: 'the token is not good yet',
  },
  {
    name: 'without an end',
    make: (i) => i.sign({ claims: { exp: undefined } }),
    why: 'the token does not say when it expires',
  },
  {
    name: 'G-25 for another audience',
    make: (i) => i.sign({ claims: { aud: 'https://other.example.com' } }),
    why: 'the token is for another audience',
  },
  {
    name: 'G-25 for an audience that begins alike',
    make: (i) => i.sign({ claims: { aud: `${AUDIENCE}/` } }),
    why: 'the token is for another audience',
  },
  {
    name: 'for nobody',
    make: (i) => i.sign({ claims: { aud: undefined } }),
    why: 'the token is for another audience',
  },
  {
    name: 'of another issuer',
    make: (i) => i.sign({ claims: { iss: 'https://id.example.com' } }),
    why: 'the token is of another issuer',
  },
  {
    name: 'of an issuer that ends alike',
    make: (i) => i.sign({ claims: { iss: `${i.issuer}/` } }),
    why: 'the token is of another issuer',
  },
  { name: 'that is not signed', make: (i) => `${unsigned(i, 'none')}.`, why: 'the algorithm is not allowed' },
  {
    name: 'that is signed with the public key as a shared secret',
    make: async (i) => {
      const head = unsigned(i, 'HS256');
      const key = await exportSPKI((await importJWK(i.shown[0] ?? {}, 'ES256', { extractable: true })) as CryptoKey);
      return `${head}.${createHmac('sha256', key).update(head).digest('base64url')}`;
    },
    why: 'the algorithm is not allowed',
  },
  {
    name: 'that brings its own key',
    make: async (i) => {
      const other = await anIssuer();
      return other.sign({
        claims: { iss: i.issuer },
        header: { kid: 'own', jwk: other.shown[0], jku: `${other.issuer}/keys` },
      });
    },
    why: 'the issuer has no such key',
  },
  {
    name: 'that another key has signed under the name of a good one',
    make: async (i) => (await anIssuer()).sign({ claims: { iss: i.issuer } }),
    why: 'the signature is not the issuer',
  },
  {
    name: 'whose claims were changed',
    make: async (i) => changed(await i.sign()),
    why: 'the signature is not the issuer',
  },
  {
    name: 'that is of another type',
    make: (i) => i.sign({ header: { typ: 'logout+jwt' } }),
    why: 'this is no access token',
  },
  {
    name: 'whose type is no text',
    make: (i) => i.sign({ header: { typ: 5 } }),
    why: 'this is no access token',
  },
  { name: 'that is bound to a key', make: (i) => i.sign({ claims: { cnf: { jkt: 'x' } } }), why: 'bound to a key' },
  {
    name: 'that wants what nobody understands',
    make: (i) => `${part({ alg: 'ES256', kid: 'key-1', crit: ['x'], x: 1 })}.${unsigned(i, '').split('.')[1]}.c2ln`,
    why: 'cannot be read',
  },
  { name: 'that is none', make: () => 'not-a-token', why: 'cannot be read' },
  { name: 'that is five parts', make: () => 'a.b.c.d.e', why: 'cannot be read' },
  { name: 'that is an unknown key', make: () => `mcpg_${'x'.repeat(43)}`, why: 'the key is unknown or was revoked' },
];

function changed(token: string): string {
  const [head, claims = '', signature] = token.split('.');
  const read = JSON.parse(Buffer.from(claims, 'base64url').toString()) as object;
  return [head, Buffer.from(JSON.stringify({ ...read, sub: 'root' })).toString('base64url'), signature].join('.');
}
