import { type Readable, Writable } from 'node:stream';

import { messageOf } from '../core/errors.ts';
import { NewlineFramer, type OversizedLine } from '../core/framing.ts';
import type { JsonLimits } from '../core/json-scan.ts';
import type { Logger } from '../core/logger.ts';
import { findIdAtEdges, type Passes } from '../core/rpc-parse.ts';
import type { GatewayPort } from '../gateway/port.ts';
import { answerText, failureOf, tooLarge } from './answer.ts';
import type { Identity } from './identity.ts';
import { receiveMessage } from './receive.ts';
import type { ServerInfo } from './session.ts';
import { settledWithin } from './settled-within.ts';
import { StdioEras } from './stdio-eras.ts';
import type { TurnLimits } from './turns.ts';

export interface StdioOptions {
  readonly gateway: GatewayPort;
  readonly identity: Identity;
  readonly serverInfo: ServerInfo;
  readonly limits: StdioLimits;
  readonly logger: Logger;
  readonly input: Readable;
  /** Carries JSON-RPC and nothing else; see `claimStdout`. */
  readonly output: Writable;
  /** Parameters beyond the protocol that go on; none where it is left out. */
  readonly passes?: Passes | undefined;
}

export interface StdioLimits extends JsonLimits, TurnLimits {
  /** Milliseconds that requests in flight have to finish after the client closed its side. */
  readonly drainMs: number;
}

export interface StdioDoor {
  /** Resolves when the client has gone and the session has ended. */
  readonly closed: Promise<void>;
  close(): Promise<void>;
}

/** Bytes that may wait to be written before progress is left out: it is only advice, and the client does not read. */
const MAX_WAITING_BYTES = 1024 * 1024;

/** Bytes that may wait before the client is taken for gone: answers are not left out. */
const MAX_WAITING_ANSWERS_BYTES = 64 * 1024 * 1024;

/** Serves one client over a pair of streams, one message a line (2025-11-25, Transports, stdio). */
export function serveStdio(options: StdioOptions): StdioDoor {
  const door = new Stdio(options);
  return { closed: door.closed, close: () => door.close() };
}

/**
 * The one way to the real stdout. From now on everything else that writes to it, such as `console.log` in a library,
 * writes to stderr.
 */
export function claimStdout(stdout: NodeJS.WriteStream, stderr: NodeJS.WriteStream): Writable {
  const write = stdout.write.bind(stdout);
  stdout.write = stderr.write.bind(stderr);
  const claimed = new Writable({
    decodeStrings: false,
    write: (chunk: string, _encoding, done) => void write(chunk, done),
  });
  stdout.on('error', (error) => claimed.destroy(error));
  return claimed;
}

class Stdio {
  readonly closed: Promise<void>;
  readonly #options: StdioOptions;
  readonly #eras: StdioEras;
  readonly #framer: NewlineFramer;
  readonly #waiting: string[] = [];
  #resolveClosed: () => void = () => undefined;
  #isClosing = false;

  constructor(options: StdioOptions) {
    this.#options = options;
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
    const { limits } = options;
    this.#eras = new StdioEras({
      ...options,
      announce: (text) => this.#send(text),
      outlet: {
        notify: (text) => this.#sendAdvice(text),
        send: (text) => {
          this.#send(text);
          return true;
        },
        end: (text) => {
          if (text !== undefined) this.#send(text);
        },
      },
    });
    this.#framer = new NewlineFramer({
      maxBytes: limits.maxBytes,
      onLine: (line) => this.#receive(line),
      onOversized: (line) => this.#refuseOversized(line),
    });
    this.#listen();
  }

  /** Takes nothing more, and ends when what is in flight has been answered or has had its time. */
  close(): Promise<void> {
    return this.#end(this.#options.limits.drainMs);
  }

  /** Whoever asks first ends it; the others wait for the same end. */
  #end(drainMs: number): Promise<void> {
    if (!this.#isClosing) {
      this.#isClosing = true;
      this.#options.input.pause();
      void settledWithin(this.#eras.drained(), drainMs).then(() => this.#finish());
    }
    return this.closed;
  }

  #listen(): void {
    const { input, output, logger } = this.#options;
    input.on('data', (chunk: Buffer) => this.#framer.push(chunk));
    input.on('end', () => {
      this.#framer.end();
      void this.close();
    });
    input.on('error', () => void this.#end(0));
    output.on('drain', () => this.#resume());
    output.on('error', (error: NodeJS.ErrnoException) => {
      logger.info('The client has closed its side.', { code: error.code });
      void this.#end(0);
    });
  }

  #resume(): void {
    if (!this.#isClosing) this.#options.input.resume();
  }

  async #finish(): Promise<void> {
    const { output, logger } = this.#options;
    try {
      await this.#eras.end();
    } catch (error) {
      logger.error('The session could not be ended.', { error: messageOf(error) });
    }
    this.#flush();
    if (output.writable) await new Promise<void>((resolve) => output.end(resolve));
    this.#resolveClosed();
  }

  #receive(line: Buffer): void {
    const received = receiveMessage(line, this.#options.limits, this.#options.passes);
    if (received.kind === 'ok') return this.#eras.receive(received);
    this.#options.logger.warn('A message was refused.', { reason: received.reason });
    return this.#send(answerText(received.id, failureOf(received.error)));
  }

  #refuseOversized(line: OversizedLine): void {
    const { maxBytes } = this.#options.limits;
    this.#options.logger.warn('A message was refused.', { reason: 'too_large', bytes: line.byteLength });
    this.#send(answerText(findIdAtEdges(line.head, line.tail), tooLarge(line.byteLength, maxBytes)));
  }

  #sendAdvice(text: string): void {
    if (this.#options.output.writableLength < MAX_WAITING_BYTES) this.#send(text);
  }

  /** What is sent in one turn of the event loop is written at once. */
  #send(text: string): void {
    if (this.#options.output.writableLength > MAX_WAITING_ANSWERS_BYTES) return this.#giveUp();
    this.#waiting.push(text);
    if (this.#waiting.length === 1) process.nextTick(() => this.#flush());
  }

  #giveUp(): void {
    if (this.#isClosing) return;
    this.#options.logger.warn('The client does not read what it is sent.');
    this.#options.output.destroy();
    void this.#end(0);
  }

  #flush(): void {
    const { input, output } = this.#options;
    if (this.#waiting.length === 0) return;
    const text = `${this.#waiting.splice(0).join('\n')}\n`;
    if (output.writable && !output.write(text)) input.pause();
  }
}
