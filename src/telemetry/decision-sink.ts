import { type FileHandle, open } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { messageOf } from '../core/errors.ts';
import { visibleJson } from '../core/visible-json.ts';

/** A decision as it is sent. */
export interface ExportedDecision {
  readonly seq: number;
  /** JSON. */
  readonly text: string;
  /** The same without what makes it large, and saying so; for a receiver that does not take the whole. */
  readonly short: () => string;
}

/** `too_large`: it would take fewer of them. `why` has no secret in it. */
export type Delivery =
  | { readonly kind: 'taken' }
  | { readonly kind: 'too_large' }
  | { readonly kind: 'refused'; readonly why: string };

/** Takes decisions, all of a batch or none. Never rejects. */
export type DecisionSink = (texts: readonly string[], signal: AbortSignal) => Promise<Delivery>;

/** What is shown to whoever takes decisions. */
export type SinkCredentials =
  | { readonly kind: 'basic'; readonly username: string; readonly password: string }
  | { readonly kind: 'token'; readonly token: string };

export interface HttpSinkOptions {
  readonly url: string;
  readonly credentials?: SinkCredentials | undefined;
  readonly version: string;
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 10_000;
const compress = promisify(gzip);

/** As OPA sends its decision log: POST of a JSON array, gzip (https://www.openpolicyagent.org/docs/management-decision-logs). */
export function httpSink({ url, credentials, version, timeoutMs = TIMEOUT_MS }: HttpSinkOptions): DecisionSink {
  const authorization = credentials && authorizationOf(credentials);
  if (authorization !== undefined && !HEADER_VALUE.test(authorization)) return async () => UNFIT;
  const headers = {
    'content-type': 'application/json',
    'content-encoding': 'gzip',
    'user-agent': `mcp-gateway/${version}`,
    ...(authorization !== undefined && { authorization }),
  };
  return async (texts, signal) => {
    try {
      const body = await compress(`[${texts.join(',')}]`);
      const response = await fetch(url, {
        method: 'POST',
        headers,
        body,
        // Another address would get the credentials, and decisions that it must not have.
        redirect: 'error',
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      });
      await response.body?.cancel();
      if (response.ok) return { kind: 'taken' };
      if (response.status === 413) return { kind: 'too_large' };
      return { kind: 'refused', why: `it answers ${response.status}` };
    } catch (thrown) {
      return { kind: 'refused', why: causeOf(thrown) };
    }
  };
}

/** RFC 9110, section 5.5. What fetch says of another one has the whole of it. */
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const UNFIT: Delivery = { kind: 'refused', why: 'its credentials have a character that no header can have' };

function authorizationOf(credentials: SinkCredentials): string {
  if (credentials.kind === 'token') return `Bearer ${credentials.token}`;
  return `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')}`;
}

/** What went wrong below `fetch failed`. */
function causeOf(thrown: unknown): string {
  const cause = thrown instanceof Error && thrown.cause instanceof Error ? thrown.cause : thrown;
  return messageOf(cause);
}

/**
 * One decision in a line, appended; for its owner's eyes only. Whoever rotates the file need not tell the gateway. Half a
 * line, such as a full disk or a power cut leaves, is taken back or ended, so that it spoils no line behind it.
 */
export function fileSink(path: string): DecisionSink {
  return async (texts) => {
    try {
      const file = await open(path, 'a+', 0o600);
      try {
        await append(file, texts.map((text) => `${visibleJson(text)}\n`).join(''));
      } finally {
        await file.close();
      }
      return { kind: 'taken' };
    } catch (thrown) {
      return { kind: 'refused', why: messageOf(thrown) };
    }
  };
}

async function append(file: FileHandle, lines: string): Promise<void> {
  const { size } = await file.stat();
  const isAtStart = size === 0 || (await lastByte(file, size)) === END_OF_LINE;
  try {
    await file.appendFile(isAtStart ? lines : `\n${lines}`);
  } catch (thrown) {
    // What is no ordinary file cannot be shortened.
    await file.truncate(size).catch(() => undefined);
    throw thrown;
  }
}

const END_OF_LINE = 10;

async function lastByte(file: FileHandle, size: number): Promise<number | undefined> {
  const { buffer } = await file.read({ buffer: Buffer.alloc(1), position: size - 1 });
  return buffer[0];
}
