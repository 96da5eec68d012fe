import type { ServerResponse } from 'node:http';

import { startEvents } from './http-answer.ts';

/** For one session: what may be asked for again after a connection broke. */
const MAX_KEPT_EVENTS = 256;
const MAX_KEPT_CHARACTERS = 1024 * 1024;
/**
 * Bytes that may wait for a client that does not read, before its connection is given up instead of the next event; it
 * can resume. One event alone may be larger.
 */
const MAX_WAITING_BYTES = 8 * 1024 * 1024;
/** Milliseconds for which what was sent can be asked for again, about. */
const KEPT_MS = 5 * 60_000;
/** After which a client comes back whose connection broke. */
const RETRY_MS = 1000;

interface KeptEvent {
  readonly stream: EventStream;
  readonly number: number;
  readonly text: string;
  readonly keptAt: number;
}

/** A way on which messages reach a client ahead of an answer, and the answer. */
export interface MessageStream {
  send(text: string): void;
  end(): void;
}

/** The event streams of one session (2025-11-25, Transports, Resumability and Redelivery). */
export class EventStreams {
  /** Whether the client takes events without data, which tell it from where to resume. */
  takesEmptyEvents = false;
  readonly #streams = new Map<number, EventStream>();
  readonly #kept: KeptEvent[] = [];
  #keptCharacters = 0;
  #opened = 0;
  #now = 0;

  open(): EventStream {
    const stream = new EventStream(this, this.#opened);
    this.#streams.set(this.#opened, stream);
    this.#opened += 1;
    return stream;
  }

  /** Where an event stands, by the id that the client last saw; undefined for ids that are not, or no longer, ours. */
  find(eventId: string): { readonly stream: EventStream; readonly after: number } | undefined {
    const [, stream, after] = /^(\d{1,9})-(\d{1,9})$/.exec(eventId) ?? [];
    const found = this.#streams.get(Number(stream ?? -1));
    return found === undefined ? undefined : { stream: found, after: Number(after) };
  }

  keep(event: Omit<KeptEvent, 'keptAt'>): KeptEvent {
    const kept = { ...event, keptAt: this.#now };
    this.#kept.push(kept);
    this.#keptCharacters += event.text.length;
    while (this.#kept.length > MAX_KEPT_EVENTS || this.#keptCharacters > MAX_KEPT_CHARACTERS) this.#forgetFirst();
    return kept;
  }

  keptAfter(stream: EventStream, after: number): readonly KeptEvent[] {
    return this.#kept.filter((event) => event.stream === stream && event.number > after);
  }

  /** An ended stream of which nothing is kept cannot be resumed. */
  forgetIfOver(stream: EventStream): void {
    if (stream.hasEnded && !this.#kept.some((event) => event.stream === stream)) this.#streams.delete(stream.number);
  }

  /** Now and then, with the time on the clock that only grows. */
  beat(now: number): void {
    this.#now = now;
    for (let first = this.#kept[0]; first !== undefined && isOld(first, now); first = this.#kept[0])
      this.#forgetFirst();
    for (const stream of this.#streams.values()) stream.beat();
  }

  closeAll(): void {
    for (const stream of this.#streams.values()) stream.end();
  }

  #forgetFirst(): void {
    const event = this.#kept.shift();
    if (event === undefined) return;
    this.#keptCharacters -= event.text.length;
    this.forgetIfOver(event.stream);
  }
}

/** What waits for a client that is away stays: it has not been sent yet. */
function isOld({ stream, number, keptAt }: KeptEvent, now: number): boolean {
  return now - keptAt > KEPT_MS && stream.hasDelivered(number);
}

/** A sequence of messages to the client that outlives the connection it is sent over. */
export class EventStream implements MessageStream {
  readonly number: number;
  hasEnded = false;
  readonly #streams: EventStreams;
  #connection: ServerResponse | undefined = undefined;
  #sent = 0;
  #delivered = 0;

  constructor(streams: EventStreams, number: number) {
    this.#streams = streams;
    this.number = number;
  }

  get isConnected(): boolean {
    return this.#connection !== undefined;
  }

  hasDelivered(number: number): boolean {
    return number <= this.#delivered;
  }

  send(text: string): void {
    this.#sent += 1;
    this.#write(this.#streams.keep({ stream: this, number: this.#sent, text }));
  }

  /** Goes on over this connection with what was not delivered, or was after a given event. */
  connect(response: ServerResponse, after: number = this.#delivered): void {
    this.#connection?.end();
    this.#connection = response;
    response.on('close', () => {
      if (this.#connection === response) this.#connection = undefined;
    });
    startEvents(response);
    if (this.#streams.takesEmptyEvents)
      response.write(`id: ${this.#idOf(after)}\nretry: ${String(RETRY_MS)}\ndata: \n\n`);
    for (const event of this.#streams.keptAfter(this, after)) this.#write(event);
    if (this.hasEnded) this.#disconnect();
  }

  /** No more messages will come. What is kept can still be asked for. */
  end(): void {
    this.hasEnded = true;
    this.#disconnect();
    this.#streams.forgetIfOver(this);
  }

  /** A comment, so that no one between takes the connection for dead. */
  beat(): void {
    if (this.#connection?.writableLength === 0) this.#connection.write(': \n\n');
  }

  #write(event: KeptEvent): void {
    const connection = this.#connection;
    if (connection === undefined) return;
    if (connection.writableLength > MAX_WAITING_BYTES) return void connection.destroy();
    this.#delivered = event.number;
    connection.write(`event: message\nid: ${this.#idOf(event.number)}\ndata: ${event.text}\n\n`);
  }

  #disconnect(): void {
    this.#connection?.end();
    this.#connection = undefined;
  }

  #idOf(number: number): string {
    return `${String(this.number)}-${String(number)}`;
  }
}
