import { GatewayError } from '../core/errors.ts';

/** One server-sent event. */
export interface ServerEvent {
  /** `message` where the stream names none. */
  readonly event: string;
  readonly data: Buffer;
}

export interface EventReaderOptions {
  /** How messages name the server. */
  readonly name: string;
  readonly maxBytes: number;
  readonly onEvent: (event: ServerEvent) => void;
}

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const COLON = 0x3a;
const SPACE = 0x20;
const NEW_LINE = Buffer.from('\n');
/** What may go back to the server in a header: an id of anything else is ignored. */
const SAFE_ID = /^[\x21-\x7e]{1,1024}$/u;

/**
 * Reads `text/event-stream` (HTML standard, §9.2) from bytes in whatever pieces they come, in linear time. An event that
 * is longer than `maxBytes` ends the stream with UPSTREAM_PROTOCOL.
 */
export class EventReader {
  readonly #options: EventReaderOptions;
  /** The pieces of a line that is not whole yet. */
  #pieces: Buffer[] = [];
  #data: Buffer[] = [];
  #event = '';
  /** Bytes held, and one more for each piece, of the line and of the event that are being read. */
  #lineBytes = 0;
  #dataBytes = 0;
  #isFirstLine = true;
  #hasSeenReturn = false;
  #lastEventId = '';
  #retryMs: number | undefined;

  constructor(options: EventReaderOptions) {
    this.#options = options;
  }

  /** Id of the last event that had one, or empty: where a stream that broke can go on. */
  get lastEventId(): string {
    return this.#lastEventId;
  }

  /** How long the server asks to wait before its stream is opened again, if it said so. */
  get retryMs(): number | undefined {
    return this.#retryMs;
  }

  push(chunk: Buffer): void {
    if (chunk.length === 0) return;
    let start = this.#hasSeenReturn && chunk[0] === LINE_FEED ? 1 : 0;
    this.#hasSeenReturn = chunk.at(-1) === CARRIAGE_RETURN;
    let feed = chunk.indexOf(LINE_FEED, start);
    let carriage = chunk.indexOf(CARRIAGE_RETURN, start);
    while (feed !== -1 || carriage !== -1) {
      const end = feed === -1 || (carriage !== -1 && carriage < feed) ? carriage : feed;
      this.#takeLine(chunk.subarray(start, end));
      start = end === carriage && feed === end + 1 ? end + 2 : end + 1;
      if (feed !== -1 && feed < start) feed = chunk.indexOf(LINE_FEED, start);
      if (carriage !== -1 && carriage < start) carriage = chunk.indexOf(CARRIAGE_RETURN, start);
    }
    if (start === chunk.length) return;
    this.#lineBytes += chunk.length - start + 1;
    this.#pieces.push(chunk.subarray(start));
    this.#limit();
  }

  #takeLine(last: Buffer): void {
    const whole = this.#pieces.length === 0 ? last : Buffer.concat([...this.#pieces, last]);
    this.#lineBytes = 0;
    this.#pieces = [];
    const line = this.#isFirstLine ? withoutByteOrderMark(whole) : whole;
    this.#isFirstLine = false;
    if (line.length === 0) this.#dispatch();
    else this.#takeField(line);
  }

  #takeField(line: Buffer): void {
    const colon = line.indexOf(COLON);
    if (colon === 0) return;
    const field = line.toString('latin1', 0, colon === -1 ? line.length : Math.min(colon, 16));
    const value =
      colon === -1 ? line.subarray(line.length) : line.subarray(colon + (line[colon + 1] === SPACE ? 2 : 1));
    if (field === 'data') this.#takeData(value);
    else if (field === 'event') this.#event = value.toString('utf8', 0, 256);
    else if (field === 'id') this.#takeId(value.toString('latin1'));
    else if (field === 'retry') this.#takeRetry(value.toString('latin1'));
  }

  #takeData(value: Buffer): void {
    this.#dataBytes += value.length + 1;
    this.#data.push(value);
    this.#limit();
  }

  #takeId(id: string): void {
    if (id === '' || SAFE_ID.test(id)) this.#lastEventId = id;
  }

  #takeRetry(text: string): void {
    if (/^\d{1,6}$/u.test(text)) this.#retryMs = Number(text);
  }

  #dispatch(): void {
    const [first] = this.#data;
    const event = this.#event === '' ? 'message' : this.#event;
    const data = this.#data.length === 1 ? first : joined(this.#data);
    this.#data = [];
    this.#event = '';
    this.#dataBytes = 0;
    if (data !== undefined && data.length > 0) this.#options.onEvent({ event, data });
  }

  #limit(): void {
    if (this.#lineBytes + this.#dataBytes <= this.#options.maxBytes) return;
    const said = `"${this.#options.name}" sends an event of more than ${this.#options.maxBytes} bytes.`;
    throw new GatewayError('UPSTREAM_PROTOCOL', said);
  }
}

function joined(lines: readonly Buffer[]): Buffer | undefined {
  if (lines.length === 0) return undefined;
  return Buffer.concat(lines.flatMap((line, index) => (index === 0 ? [line] : [NEW_LINE, line])));
}

function withoutByteOrderMark(line: Buffer): Buffer {
  return line[0] === 0xef && line[1] === 0xbb && line[2] === 0xbf ? line.subarray(3) : line;
}
