import { lookup as resolveName, type LookupAddress } from 'node:dns';
import http, { type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import https from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { promisify } from 'node:util';
import { type AddressKind, kindOf } from '../core/address-kind.ts';
import { messageOf } from '../core/errors.ts';
import { SourceProblem } from './source.ts';

export interface HttpQuestion {
  readonly method: 'GET' | 'HEAD';
  readonly headers: Readonly<Record<string, string>>;
  /** Sent to the origin of the address alone; empty where nothing is shown. */
  readonly authorization: string;
  /** Who named the address, where that was not the administrator; its own by default. */
  readonly namedBy?: URL;
  readonly maxBytes: number;
  /** From the question to the end of the answer. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Lower case, without parameters. */
  readonly mediaType: string;
  readonly body: Buffer;
}

/** Where a question may go: wherever the administrator says, and from there outwards, but not further inside. */
interface Journey {
  /** Whose origin is shown the credentials. */
  readonly start: URL;
  /** Where the administrator sent us. */
  readonly home: URL;
}

const MOST_REDIRECTS = 5;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const resolveAll = promisify(resolveName);

/**
 * One question over HTTP, and the whole of its answer. Redirects are followed where they lead neither from a public address
 * into a private network or this machine nor from https to http, and credentials stay at the origin that they were meant
 * for: registries and code hosts send one on to where their files lie. Throws SourceProblem; a query never stands in it.
 */
export async function httpGet(url: URL, question: HttpQuestion): Promise<HttpAnswer> {
  const time = AbortSignal.timeout(question.timeoutMs);
  const signal = AbortSignal.any([question.signal, time]);
  try {
    return await follow(url, { ...question, signal });
  } catch (thrown) {
    question.signal.throwIfAborted();
    if (thrown instanceof SourceProblem) throw thrown;
    const seconds = Math.round(question.timeoutMs / 1000);
    if (time.aborted) throw new SourceProblem(`${url.host} gave no whole answer within ${seconds} s`, TRY_LATER);
    throw unreachable(url, thrown);
  }
}

const TRY_LATER = 'Look at the host itself, and at the network between; `mcp-gateway policy pull` asks again.';

/** `Authorization` of a name and its password (RFC 7617). */
export function basicAuthorization(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

async function follow(start: URL, question: HttpQuestion): Promise<HttpAnswer> {
  const journey = { start, home: question.namedBy ?? start };
  let url = start;
  for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
    const answer = await exchange(url, journey, question);
    const { statusCode = 0, headers } = answer;
    if (!REDIRECTS.has(statusCode) || headers.location === undefined) return wholeAnswer(answer, question);
    answer.destroy();
    url = redirected(url, headers.location);
  }
  throw new SourceProblem(`${start.host} redirects more than ${MOST_REDIRECTS} times`, 'Write the final address.');
}

function redirected(from: URL, location: string): URL {
  const to = URL.canParse(location, from.href) ? new URL(location, from) : undefined;
  const isKept = to !== undefined && (to.protocol === 'https:' || to.protocol === from.protocol);
  if (!isKept || !/^https?:$/.test(to.protocol) || to.username !== '' || to.password !== '')
    throw new SourceProblem(`${from.host} redirects to an address that is not followed`, 'Write the final address.');
  return to;
}

async function exchange(url: URL, journey: Journey, question: HttpQuestion): Promise<IncomingMessage> {
  const lookup = await lookupFor(url, journey);
  const { method, signal, authorization } = question;
  const shown = url.origin === journey.start.origin && authorization !== '' ? { authorization } : {};
  const own = { 'user-agent': 'mcp-gateway', 'accept-encoding': 'identity' };
  return new Promise((resolve, reject) => {
    const options = {
      method,
      headers: { ...own, ...question.headers, ...shown },
      lookup,
      signal,
      agent: false as const,
    };
    const request = url.protocol === 'https:' ? https.request(url, options) : http.request(url, options);
    request.once('response', resolve);
    request.on('error', reject);
    request.end();
  });
}

/** Looks at the address that is connected to, so that a name cannot point elsewhere in between. */
async function lookupFor(url: URL, { home }: Journey): Promise<LookupFunction> {
  const isHome = url.host === home.host;
  const around: ReadonlySet<AddressKind> = isHome ? new Set() : await kindsOf(home);
  const mayReach = (kind: AddressKind): boolean => {
    if (url.protocol === 'http:') return kind === 'loopback' && (isHome || around.has('loopback'));
    return isHome || kind === 'public' || around.has(kind);
  };
  const host = hostOf(url);
  if (isIP(host) !== 0 && !mayReach(kindOf(host))) throw outOfBounds(url);
  return (name, options, callback) => {
    resolveName(name, { ...options, all: true }, (error, addresses: readonly LookupAddress[]) => {
      if (error !== null) return callback(error, '', 0);
      const [first] = addresses;
      const areReached = addresses.every(({ address }) => mayReach(kindOf(address)));
      if (first === undefined || !areReached) return callback(outOfBounds(url), '', 0);
      if (options.all === true) return callback(null, [...addresses]);
      return callback(null, first.address, first.family);
    });
  };
}

async function kindsOf(url: URL): Promise<ReadonlySet<AddressKind>> {
  const host = hostOf(url);
  const isLiteral = isIP(host) !== 0;
  const addresses = isLiteral ? [{ address: host }] : await resolveAll(host, { all: true });
  const kinds = addresses.map(({ address }) => kindOf(address));
  // Whoever has a name says where it points; only these can mean nothing but this machine.
  const isKnown = isLiteral || host === 'localhost' || host.endsWith('.localhost');
  return new Set(isKnown ? kinds : kinds.filter((kind) => kind === 'public' || kind === 'private'));
}

function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[(.+)\]$/, '$1');
}

function outOfBounds({ host }: URL): SourceProblem {
  return new SourceProblem(
    `it leads to ${host}, an address further inside the network than where it began`,
    'Write the address of that host itself, if that is where the bundle should come from.',
  );
}

async function wholeAnswer(answer: IncomingMessage, { maxBytes }: HttpQuestion): Promise<HttpAnswer> {
  const { statusCode: status = 0, headers } = answer;
  const mediaType = (headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
  const body = await wholeBody(answer, maxBytes);
  return { status, headers, mediaType, body };
}

function wholeBody(answer: IncomingMessage, maxBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    answer.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      chunks.push(chunk);
      if (bytes <= maxBytes) return;
      reject(new SourceProblem(`the answer is larger than ${maxBytes / 1024 / 1024} MB`, 'Make the bundle smaller.'));
      answer.destroy();
    });
    answer.once('end', () => resolve(Buffer.concat(chunks, bytes)));
    answer.once('error', reject);
    answer.once('close', () => reject(new SourceProblem('the connection ended within the answer', TRY_LATER)));
  });
}

function unreachable({ host }: URL, cause: unknown): SourceProblem {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : messageOf(cause);
  if (code === 'ECONNRESET') return new SourceProblem('the connection ended within the answer', TRY_LATER);
  return new SourceProblem(`${host} cannot be reached (${code})`, TRY_LATER);
}
