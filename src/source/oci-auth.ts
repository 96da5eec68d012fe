import * as z from 'zod';
import { httpGet, type HttpAnswer } from './http-get.ts';
import { SourceProblem } from './source.ts';

export interface RegistryCredentials {
  /** Shown to the registry's own sign-in, or to the registry itself where it asks for that; empty where nothing is. */
  readonly basic: string;
  /** A token that is shown as it is; empty where there is none. */
  readonly bearer: string;
}

export interface Challenge {
  readonly registry: URL;
  readonly repository: string;
  readonly credentials: RegistryCredentials;
  readonly signal: AbortSignal;
}

const Token = z.object({ token: z.string().optional(), access_token: z.string().optional() });
const MOST_TOKEN_BYTES = 256 * 1024;
const TOKEN_MS = 20_000;

/**
 * The `Authorization` that a registry asks for by a 401, for reading one repository. Whoever is configured to read there
 * signs in where the registry says: it could as well ask for the password itself. Source: distribution, "Token
 * Authentication Specification". Throws SourceProblem.
 */
export async function authorizationFor(answer: HttpAnswer, challenge: Challenge): Promise<string> {
  const { credentials, registry } = challenge;
  const wanted = answer.headers['www-authenticate'] ?? '';
  if (credentials.bearer !== '') return `Bearer ${credentials.bearer}`;
  if (/^basic\b/i.test(wanted)) {
    if (credentials.basic === '') throw refused(registry);
    return credentials.basic;
  }
  const terms = /^bearer\s+(.*)$/is.exec(wanted)?.[1];
  if (terms === undefined) throw new SourceProblem(`${registry.host} asks for a sign-in that is not known`, SIGN_IN);
  return `Bearer ${await fetchToken(parametersOf(terms), challenge)}`;
}

/** Said of a registry that does not let one read. */
export function refused({ host }: URL): SourceProblem {
  return new SourceProblem(`${host} refuses the credentials`, SIGN_IN);
}

const SIGN_IN = 'Set `credentials` beside `source`, and check that they may read this repository.';

async function fetchToken(terms: ReadonlyMap<string, string>, challenge: Challenge): Promise<string> {
  const { registry, repository, credentials, signal } = challenge;
  const realm = realmOf(terms.get('realm') ?? '', registry);
  const service = terms.get('service');
  if (service !== undefined) realm.searchParams.set('service', service);
  // Never more than it takes to read, whatever the registry would give.
  realm.searchParams.set('scope', `repository:${repository}:pull`);
  const { status, body } = await httpGet(realm, {
    method: 'GET',
    headers: { accept: 'application/json' },
    authorization: credentials.basic,
    namedBy: registry,
    maxBytes: MOST_TOKEN_BYTES,
    timeoutMs: TOKEN_MS,
    signal,
  });
  if (status === 401 || status === 403) throw refused(registry);
  const token = status === 200 ? tokenIn(body) : undefined;
  if (token === undefined)
    throw new SourceProblem(`the sign-in at ${realm.host} gives no token (status ${status})`, SIGN_IN);
  return token;
}

/** The name of this machine's own addresses excepted, a sign-in that would send a password in the open is not used. */
function realmOf(text: string, registry: URL): URL {
  const realm = URL.canParse(text) ? new URL(text) : undefined;
  const isKept = realm?.protocol === 'https:' || (realm?.protocol === 'http:' && registry.protocol === 'http:');
  if (realm !== undefined && isKept && realm.username === '' && realm.password === '') return realm;
  throw new SourceProblem(`${registry.host} names no place to sign in at that may be used`, SIGN_IN);
}

function tokenIn(body: Buffer): string | undefined {
  try {
    const { token, access_token } = Token.parse(JSON.parse(body.toString()));
    return token ?? access_token;
  } catch {
    return undefined;
  }
}

/** `name="value"` and `name=value`, as in RFC 9110 §11.2. */
function parametersOf(text: string): ReadonlyMap<string, string> {
  const found = text.matchAll(/([a-z_]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/gi);
  return new Map(
    [...found].map(([, name = '', quoted, plain = '']) => [
      name.toLowerCase(),
      quoted === undefined ? plain : quoted.replaceAll(/\\(.)/g, '$1'),
    ]),
  );
}
