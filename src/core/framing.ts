export interface FramerOptions {
  /** Bytes of a line without its end. */
  readonly maxBytes: number;
  /** The bytes are the framer's own and stand only until this returns. Empty lines are not told. */
  readonly onLine: (line: Buffer) => void;
  /** Called once for a line that is too long, at its end. The framer goes on with the next line. */
  readonly onOversized: (line: OversizedLine) => void;
}

export interface OversizedLine {
  readonly byteLength: number;
  /** The first and the last bytes of the line, at most `EDGE_BYTES` each: enough to find the id of a message. */
  readonly head: Buffer;
  readonly tail: Buffer;
}

export const EDGE_BYTES = 512;

const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;
/** A buffer up to this size is kept from one line to the next. */
const KEPT_CAPACITY = 64 * 1024;
const NOTHING = Buffer.alloc(0);

/** Cuts a stream of bytes into lines, in time that grows with the bytes and not with the chunks they come in. */
export class NewlineFramer {
  private readonly options: FramerOptions;
  private held = NOTHING;
  private heldBytes = 0;
  private oversized: OversizedLine | undefined;

  constructor(options: FramerOptions) {
    this.options = options;
  }

  push(chunk: Buffer): void {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      this.endLine(chunk.subarray(start, end));
      start = end + 1;
    }
    if (start < chunk.length) this.hold(chunk.subarray(start));
  }

  /** The stream has ended: what stands after the last newline is a line too. */
  end(): void {
    this.endLine(NOTHING);
  }

  private endLine(rest: Buffer): void {
    const isWhole = this.heldBytes === 0 && this.oversized === undefined;
    if (!isWhole) this.hold(rest);
    const { held, oversized } = this;
    const line = isWhole ? rest : held.subarray(0, this.heldBytes);
    this.oversized = undefined;
    this.heldBytes = 0;
    if (held.length > KEPT_CAPACITY) this.held = NOTHING;
    if (oversized === undefined) this.tell(line);
    else this.options.onOversized(oversized);
  }

  private tell(line: Buffer): void {
    const length = line.at(-1) === CARRIAGE_RETURN ? line.length - 1 : line.length;
    if (length > this.options.maxBytes) this.options.onOversized(this.lengthened(NO_LINE, line));
    else if (length > 0) this.options.onLine(line.subarray(0, length));
  }

  private hold(part: Buffer): void {
    const needed = this.heldBytes + part.length;
    if (this.oversized !== undefined) {
      this.oversized = this.lengthened(this.oversized, part);
    } else if (needed > this.options.maxBytes + 1) {
      // The one byte more is the carriage return that is not part of a line.
      this.oversized = this.lengthened(this.lengthened(NO_LINE, this.held.subarray(0, this.heldBytes)), part);
      this.heldBytes = 0;
      this.held = NOTHING;
    } else {
      if (needed > this.held.length) this.grow(needed);
      part.copy(this.held, this.heldBytes);
      this.heldBytes = needed;
    }
  }

  private grow(needed: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, 4096, this.held.length * 2));
    this.held.copy(grown, 0, 0, this.heldBytes);
    this.held = grown;
  }

  private lengthened(line: OversizedLine, part: Buffer): OversizedLine {
    const head = Buffer.concat([line.head, part.subarray(0, EDGE_BYTES - line.head.length)]);
    const tail = part.length >= EDGE_BYTES ? Buffer.from(part.subarray(-EDGE_BYTES)) : Buffer.concat([line.tail, part]);
    return { byteLength: line.byteLength + part.length, head, tail: tail.subarray(-EDGE_BYTES) };
  }
}

const NO_LINE: OversizedLine = { byteLength: 0, head: NOTHING, tail: NOTHING };
