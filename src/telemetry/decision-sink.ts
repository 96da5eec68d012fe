import { appendFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { messageOf } from '../core/errors.ts';
import { visibleJson } from '../core/visible-json.ts';

/** A decision as it is sent: an event of OPA's decision log. */
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
  const headers = {
    'content-type': 'application/json',
    'content-encoding': 'gzip',
    'user-agent': `mcp-gateway/${version}`,
    ...(credentials !== undefined && { authorization: authorizationOf(credentials) }),
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

function authorizationOf(credentials: SinkCredentials): string {
  if (credentials.kind === 'token') return `Bearer ${credentials.token}`;
  return `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')}`;
}

/** What went wrong below `fetch failed`. */
function causeOf(thrown: unknown): string {
  const cause = thrown instanceof Error && thrown.cause instanceof Error ? thrown.cause : thrown;
  return messageOf(cause);
}

/** One decision in a line, appended; for its owner's eyes only. Whoever rotates the file need not tell the gateway. */
export function fileSink(path: string): DecisionSink {
  return async (texts) => {
    try {
      await appendFile(path, texts.map((text) => `${visibleJson(text)}\n`).join(''), { mode: 0o600 });
      return { kind: 'taken' };
    } catch (thrown) {
      return { kind: 'refused', why: messageOf(thrown) };
    }
  };
}
