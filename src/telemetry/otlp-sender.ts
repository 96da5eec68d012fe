import { type Agent, type IncomingMessage, request as overHttp } from 'node:http';
import { request as overHttps } from 'node:https';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Clock } from '../core/clock.ts';
import { messageOf } from '../core/errors.ts';

export interface SenderOptions {
  readonly url: string;
  readonly headers: () => Promise<Readonly<Record<string, string>>>;
  /** `gzip`, or anything else for none. */
  readonly compression: string;
  /** How long one body is tried, however often. */
  readonly timeoutMs: number;
  /** By `http:` or `https:`; it has the certificates. */
  readonly agentFor: (protocol: string) => Agent | Promise<Agent>;
  readonly version: string;
  readonly clock: Clock;
}

/** `why` has no secret in it. */
export type Sent =
  | { readonly kind: 'taken'; readonly response: Uint8Array }
  | { readonly kind: 'refused'; readonly why: string };

type Attempt = Sent | { readonly kind: 'retryable'; readonly why: string; readonly afterMs: number | undefined };

const FIRST_PAUSE_MS = 1_000;
const PAUSE_GROWS = 1.5;
/** What a collector says of what it has taken; more is not read. */
const MOST_RESPONSE_BYTES = 64 * 1024;
const compress = promisify(gzip);

/**
 * Sends one body after the other to a collector, each as often as its time allows (OpenTelemetry Protocol, "OTLP/HTTP
 * Response"). The library's own sender cannot be stopped: what it waits for holds the process.
 */
export class OtlpSender {
  readonly #options: SenderOptions;
  readonly #hurrying = new AbortController();
  readonly #abandoned = new AbortController();
  #agent: Promise<Agent> | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: SenderOptions) {
    this.#options = options;
  }

  /** Never rejects. */
  send(body: Uint8Array): Promise<Sent> {
    const sending = this.#last.then(() => this.#try(body));
    this.#last = sending;
    return sending;
  }

  /** From now on nothing is tried a second time. */
  hurry(): void {
    this.#hurrying.abort();
  }

  /** Gives up whatever is under way or waits, so that nothing of it holds the process. */
  abandon(): void {
    this.hurry();
    this.#abandoned.abort();
    void this.#agent?.then((agent) => agent.destroy()).catch(() => undefined);
  }

  async #try(body: Uint8Array): Promise<Sent> {
    const { clock, timeoutMs } = this.#options;
    const untilMs = clock.monotonic() + timeoutMs;
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs *= PAUSE_GROWS) {
      const attempt = await this.#attempt(body, untilMs - clock.monotonic());
      if (attempt.kind !== 'retryable') return attempt;
      const { why, afterMs = pauseMs } = attempt;
      const { signal } = this.#hurrying;
      if (clock.monotonic() + afterMs >= untilMs || signal.aborted) return { kind: 'refused', why };
      await wait(afterMs, undefined, { signal, ref: false }).catch(() => undefined);
      if (signal.aborted) return { kind: 'refused', why };
    }
  }

  async #attempt(body: Uint8Array, timeoutMs: number): Promise<Attempt> {
    if (this.#abandoned.signal.aborted) return { kind: 'refused', why: 'the gateway has ended' };
    const late = AbortSignal.timeout(Math.max(1, Math.ceil(timeoutMs)));
    try {
      const response = await this.#post(body, AbortSignal.any([late, this.#abandoned.signal]));
      return await readAttempt(response);
    } catch (thrown) {
      if (late.aborted) return { kind: 'refused', why: `it does not answer within ${this.#options.timeoutMs} ms` };
      const why = messageOf(thrown) || codeOf(thrown);
      return PASSING_ERRORS.has(codeOf(thrown))
        ? { kind: 'retryable', why, afterMs: undefined }
        : { kind: 'refused', why };
    }
  }

  async #post(body: Uint8Array, signal: AbortSignal): Promise<IncomingMessage> {
    const { url, headers, compression, version, agentFor } = this.#options;
    const { protocol } = new URL(url);
    const isZipped = compression === 'gzip';
    const bytes = isZipped ? await compress(body) : body;
    this.#agent ??= Promise.resolve(agentFor(protocol));
    const agent = await this.#agent;
    const sent = {
      ...(await headers()),
      'content-length': String(bytes.byteLength),
      'user-agent': `mcp-gateway/${version}`,
      ...(isZipped && { 'content-encoding': 'gzip' }),
    };
    const request = protocol === 'https:' ? overHttps : overHttp;
    return new Promise((resolve, reject) => {
      request(url, { method: 'POST', agent, headers: sent, signal }, resolve).on('error', reject).end(bytes);
    });
  }
}

const PASSING_STATUSES: ReadonlySet<number> = new Set([429, 502, 503, 504]);
const PASSING_ERRORS: ReadonlySet<string> = new Set([
  'ECONNRESET',
  'ECONNREFUSED',
  'EPIPE',
  'ETIMEDOUT',
  'EAI_AGAIN',
  'ENOTFOUND',
  'ENETUNREACH',
  'EHOSTUNREACH',
]);

async function readAttempt(response: IncomingMessage): Promise<Attempt> {
  const { statusCode = 0, headers } = response;
  const said = await readResponse(response);
  if (statusCode >= 200 && statusCode < 300) return { kind: 'taken', response: said };
  const why = `it answers ${statusCode}`;
  if (!PASSING_STATUSES.has(statusCode)) return { kind: 'refused', why };
  const seconds = Number(headers['retry-after'] ?? '');
  return { kind: 'retryable', why, afterMs: Number.isInteger(seconds) && seconds > 0 ? seconds * 1000 : undefined };
}

async function readResponse(response: AsyncIterable<Buffer>): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response) {
    bytes += chunk.byteLength;
    if (bytes > MOST_RESPONSE_BYTES) return new Uint8Array();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function codeOf(thrown: unknown): string {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : '';
}
