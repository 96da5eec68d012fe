import type { IncomingMessage } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { messageOf } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import type { EventReader } from './event-reader.ts';
import { mediaTypeOf, type Exchange } from './http-endpoint.ts';

export const EVENTS_TYPE = 'text/event-stream';
export const REOPEN_MS = 1_000;
const MOST_REOPEN_MS = 30_000;

/** Reads until the stream ends or nothing more is wanted. Gives what broke it, if anything did. */
export function readStream(stream: IncomingMessage, reader: EventReader, isDone: () => boolean): Promise<unknown> {
  return new Promise((resolve) => {
    stream.on('data', (chunk: Buffer) => {
      try {
        reader.push(chunk);
      } catch (error) {
        resolve(error);
        stream.destroy();
      }
      if (isDone()) resolve(undefined);
    });
    stream.once('error', resolve);
    stream.once('close', () => resolve(undefined));
    stream.once('end', () => resolve(undefined));
  });
}

export interface StandingStream {
  /** How messages name the server. */
  readonly name: string;
  readonly reader: EventReader;
  readonly open: (lastEventId: string) => Exchange;
  readonly signal: AbortSignal;
  readonly logger: Logger;
}

/** The stream on which a session server says what belongs to no request, for as long as there is one to be had. */
export async function keepStream({ name, reader, open, signal, logger }: StandingStream): Promise<void> {
  let delayMs = REOPEN_MS;
  while (!signal.aborted) {
    try {
      const answer = await open(reader.lastEventId).answer;
      const isOffered = answer.statusCode === 200 && mediaTypeOf(answer) === EVENTS_TYPE;
      if (!isOffered) answer.destroy();
      // A server need not offer it.
      if (!isOffered && (answer.statusCode ?? 0) < 500) return;
      if (isOffered) await readStream(answer, reader, () => false);
      if (isOffered) delayMs = REOPEN_MS;
    } catch (error) {
      logger.debug('no stream from an upstream server', { server: name, why: messageOf(error) });
    }
    await wait(reader.retryMs ?? delayMs, undefined, { signal, ref: false }).catch(() => undefined);
    delayMs = Math.min(2 * delayMs, MOST_REOPEN_MS);
  }
}
