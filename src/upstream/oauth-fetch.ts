import { lookup as resolveName, type LookupAddress } from 'node:dns';
import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { promisify } from 'node:util';
import { GatewayError, messageOf } from '../core/errors.ts';
import { readBody } from './http-endpoint.ts';
import { kindOf, type AddressKind } from '../core/address-kind.ts';

/** The part of `fetch` that the SDK's functions for OAuth use. */
export type OauthFetch = (url: string | URL, init?: OauthRequest) => Promise<Response>;

/** What they give it; a body is a text or a form. */
export type OauthRequest = Pick<RequestInit, 'method' | 'headers' | 'body' | 'signal'>;

export interface OauthFetchOptions {
  /** The server that wants a sign-in; what it names is fetched only from where it may lead us. */
  readonly serverUrl: URL;
  /** The authorization server, where the configuration names it. */
  readonly issuer?: URL | undefined;
  /** The longest answer taken, bytes. */
  readonly maxBytes?: number;
  /** How long an answer may take, milliseconds. */
  readonly timeoutMs?: number;
  /** All addresses of a name; the system's resolver by default. */
  readonly resolve?: ResolveName;
}

export type ResolveName = (name: string) => Promise<readonly LookupAddress[]>;

const MAX_BYTES = 256 * 1024;
const TIMEOUT_MS = 10_000;
const resolveAll = promisify(resolveName);
const SYSTEM: ResolveName = (name) => resolveAll(name, { all: true });

/**
 * Fetches what an upstream server and its metadata name: addresses that nobody here has chosen. So it speaks https only,
 * http to loopback excepted; follows no redirect; looks at the address that is connected to, so that a name cannot point
 * elsewhere in between; and reaches loopback and private networks only where the server itself lies there. Rejects with
 * UPSTREAM_UNAVAILABLE; nothing of a request or an answer stands in the message but the origin.
 */
export function oauthFetch(options: OauthFetchOptions): OauthFetch {
  const { serverUrl, issuer, maxBytes = MAX_BYTES, timeoutMs = TIMEOUT_MS, resolve = SYSTEM } = options;
  const named: ReadonlySet<string> = new Set([serverUrl.origin, ...(issuer === undefined ? [] : [issuer.origin])]);
  let around: Promise<ReadonlySet<AddressKind>> | undefined;
  return async (target, init = {}) => {
    const url = new URL(target);
    refuseScheme(url);
    around ??= kindsAround(serverUrl, resolve);
    const allowed = await around;
    const isAllowed = (kind: AddressKind): boolean => {
      if (url.protocol === 'http:') return kind === 'loopback' && allowed.has('loopback');
      return named.has(url.origin) || allowed.has(kind);
    };
    const time = AbortSignal.timeout(timeoutMs);
    const signal = init.signal ? AbortSignal.any([init.signal, time]) : time;
    try {
      const answer = await exchange(url, { ...init, signal }, guardedLookup(url, isAllowed, resolve));
      return await responseOf(answer, maxBytes);
    } catch (thrown) {
      throw unreachable(url, thrown, time.aborted);
    }
  };
}

function refuseScheme(url: URL): void {
  if (url.username !== '' || url.password !== '') throw refusal(url, 'its address carries a password');
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw refusal(url, `${url.protocol} is not https:`);
}

/**
 * The kinds of addresses that lie no further inside than the server itself. Whoever has a name says where it points: that
 * it points to this machine makes nobody a server of this machine, unless the name can mean nothing else.
 */
async function kindsAround(serverUrl: URL, resolve: ResolveName): Promise<ReadonlySet<AddressKind>> {
  const host = hostOf(serverUrl);
  const isLiteral = isIP(host) !== 0;
  const addresses = isLiteral ? [{ address: host }] : await resolve(host).catch(() => []);
  const kinds = addresses.map(({ address }) => kindOf(address));
  const own = isLiteral || isLocalhost(host) ? kinds : kinds.filter((kind) => kind === 'private');
  const beside: readonly AddressKind[] = own.includes('loopback') ? ['private'] : [];
  return new Set<AddressKind>(['public', ...own, ...beside]);
}

/** Answers with the addresses of a name when all of them may be connected to. An address needs no lookup, so it is asked for here. */
function guardedLookup(url: URL, isAllowed: (kind: AddressKind) => boolean, resolve: ResolveName): LookupFunction {
  const host = hostOf(url);
  if (isIP(host) !== 0 && !isAllowed(kindOf(host))) throw outOfBounds(url);
  return (name, options, callback) => {
    const found = (addresses: readonly LookupAddress[]): void => {
      const [first] = addresses;
      const areAllowed = addresses.every(({ address }) => isAllowed(kindOf(address)));
      if (first === undefined || !areAllowed) return callback(outOfBounds(url), '', 0);
      if (options.all === true) return callback(null, [...addresses]);
      return callback(null, first.address, first.family);
    };
    void answerWith(resolve(name), found, (error) => callback(error, '', 0));
  };
}

async function answerWith<T>(
  asked: Promise<T>,
  found: (value: T) => void,
  failed: (error: Error) => void,
): Promise<void> {
  let value: T;
  try {
    value = await asked;
  } catch (thrown) {
    return failed(thrown instanceof Error ? thrown : new Error(messageOf(thrown)));
  }
  found(value);
}

function exchange(url: URL, init: OauthRequest, lookup: LookupFunction): Promise<IncomingMessage> {
  const body = init.body instanceof URLSearchParams || typeof init.body === 'string' ? init.body.toString() : undefined;
  const headers = { ...Object.fromEntries(new Headers(init.headers)), 'user-agent': 'mcp-gateway' };
  const { method = 'GET', signal } = init;
  return new Promise((resolve, reject) => {
    const options = { method, headers, lookup, signal: signal ?? undefined, agent: false as const };
    const request = url.protocol === 'https:' ? https.request(url, options) : http.request(url, options);
    request.once('response', resolve);
    request.on('error', reject);
    request.end(body);
  });
}

/** A `Response` may have no body with these (Fetch §2.2.3). */
const WITHOUT_BODY: ReadonlySet<number> = new Set([101, 204, 205, 304]);

async function responseOf(answer: IncomingMessage, maxBytes: number): Promise<Response> {
  const body = await readBody(answer, maxBytes);
  if (body === undefined) throw new Error(`the answer is longer than ${maxBytes} bytes`);
  const status = answer.statusCode ?? 500;
  const headers = new Headers();
  for (const [name, value] of Object.entries(answer.headers)) {
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(', ') : value);
  }
  return new Response(WITHOUT_BODY.has(status) ? null : new Uint8Array(body), { status, headers });
}

/** RFC 6761 §6.3. */
function isLocalhost(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost');
}

function hostOf(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, '$1');
}

function outOfBounds(url: URL): GatewayError {
  const why =
    url.protocol === 'http:' ? 'a sign-in needs https' : 'it lies in a network that the server does not lie in';
  return refusal(url, why);
}

function refusal(url: URL, why: string): GatewayError {
  return new GatewayError('UPSTREAM_UNAVAILABLE', `${url.origin} is not asked: ${why}.`, {
    mend: 'Name the authorization server under credentials.issuer, if it is the right one.',
  });
}

function unreachable(url: URL, thrown: unknown, isLate: boolean): GatewayError {
  if (thrown instanceof GatewayError) return thrown;
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : messageOf(thrown);
  return new GatewayError('UPSTREAM_UNAVAILABLE', `${url.origin} cannot be reached (${isLate ? 'too slow' : code}).`, {
    mend: 'Try again, and look at the server that keeps the sign-ins when it goes on.',
  });
}
