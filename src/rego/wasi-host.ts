import { randomFillSync } from 'node:crypto';

/** Error numbers of WASI preview 1 that this host answers with. */
const SUCCESS = 0;
const BAD_DESCRIPTOR = 8;
const NOT_SUPPORTED = 58;

const STDIN = 0;
const STDOUT = 1;
const STDERR = 2;
const CHARACTER_DEVICE = 2;
const ALL_RIGHTS = 0xffff_ffff_ffff_ffffn;
const EVENT_SIZE = 32;
const SUBSCRIPTION_SIZE = 48;

/** The arguments of `fd_read` and `fd_write`: vectors in memory, and where to write how much was done. */
type Transfer = [descriptor: number, vectors: number, count: number, at: number];
type Poll = [subscriptions: number, events: number, count: number, at: number];

/** How a program ended: its exit code and all it wrote. */
export interface WasiResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface WasiOptions {
  readonly stdin: Uint8Array;
  /** Environment entries as `NAME=value`. */
  readonly environment: readonly string[];
  /** Wall clock and monotonic clock in nanoseconds. */
  readonly realtimeNs: () => bigint;
  readonly monotonicNs: () => bigint;
}

/** Thrown through the WebAssembly frames by `proc_exit`; nothing of it leaves this file. */
class Exit extends Error {
  readonly exitCode: number;

  constructor(exitCode: number) {
    super(`exit ${exitCode}`);
    this.exitCode = exitCode;
  }
}

/**
 * Runs a WASI command once in memory: no files, no network, no arguments.
 * Node's own `node:wasi` crashes on programs built by Go, and this one offers
 * a hostile policy nothing to reach for.
 *
 * Throws what the program traps with, for example a `RuntimeError`.
 */
export function runWasi(module: WebAssembly.Module, options: WasiOptions): WasiResult {
  const host = new WasiHost(options);
  const instance = new WebAssembly.Instance(module, { wasi_snapshot_preview1: host.imports() });
  const { memory, _start: start } = instance.exports;
  if (!(memory instanceof WebAssembly.Memory) || typeof start !== 'function') {
    throw new TypeError('the module is not a WASI command');
  }
  host.memory = memory;
  try {
    start();
  } catch (thrown) {
    if (!(thrown instanceof Exit)) throw thrown;
    return host.result(thrown.exitCode);
  }
  return host.result(0);
}

class WasiHost {
  memory: WebAssembly.Memory | undefined;
  readonly #options: WasiOptions;
  readonly #written: Record<number, Uint8Array[]> = { [STDOUT]: [], [STDERR]: [] };
  readonly #environment: readonly Uint8Array[];
  #read = 0;

  constructor(options: WasiOptions) {
    this.#options = options;
    this.#environment = options.environment.map((entry) => Buffer.from(`${entry}\0`, 'utf8'));
  }

  result(exitCode: number): WasiResult {
    const text = (descriptor: number): string => Buffer.concat(this.#written[descriptor] ?? []).toString('utf8');
    return { exitCode, stdout: text(STDOUT), stderr: text(STDERR) };
  }

  /** The calls that a Go program makes. Those about files exist and answer that there are none. */
  imports(): Record<string, (...numbers: never[]) => number> {
    const noDescriptor = (): number => BAD_DESCRIPTOR;
    return {
      args_sizes_get: (count: number, size: number) => this.#writePair(count, [0, 0], size),
      args_get: () => SUCCESS,
      environ_sizes_get: (count: number, size: number) => this.#environmentSizes(count, size),
      environ_get: (pointers: number, bytes: number) => this.#environmentGet(pointers, bytes),
      clock_time_get: (clock: number, _precision: bigint, at: number) => this.#clockTimeGet(clock, at),
      random_get: (at: number, length: number) => this.#randomGet(at, length),
      fd_read: (...call: Transfer) => this.#fdRead(call),
      fd_write: (...call: Transfer) => this.#fdWrite(call),
      fd_fdstat_get: (descriptor: number, at: number) => this.#fdStat(descriptor, at),
      fd_fdstat_set_flags: () => SUCCESS,
      poll_oneoff: (...call: Poll) => this.#poll(call),
      proc_exit: (code: number) => {
        throw new Exit(code);
      },
      sched_yield: () => SUCCESS,
      fd_close: () => SUCCESS,
      fd_prestat_get: noDescriptor,
      fd_prestat_dir_name: noDescriptor,
      fd_readdir: noDescriptor,
      fd_seek: noDescriptor,
      fd_filestat_get: noDescriptor,
      path_filestat_get: noDescriptor,
      path_readlink: noDescriptor,
      path_open: noDescriptor,
    };
  }

  /** Memory moves when it grows, so the views are made anew for every call. */
  #buffer(): ArrayBuffer {
    if (this.memory === undefined) throw new TypeError('the program has not started');
    return this.memory.buffer;
  }

  #view(): DataView {
    return new DataView(this.#buffer());
  }

  #writePair(firstAt: number, values: readonly [number, number], secondAt: number): number {
    const view = this.#view();
    view.setUint32(firstAt, values[0], true);
    view.setUint32(secondAt, values[1], true);
    return SUCCESS;
  }

  #environmentSizes(count: number, size: number): number {
    const bytes = this.#environment.reduce((sum, entry) => sum + entry.length, 0);
    return this.#writePair(count, [this.#environment.length, bytes], size);
  }

  #environmentGet(pointers: number, bytes: number): number {
    const view = this.#view();
    let at = bytes;
    for (const [index, entry] of this.#environment.entries()) {
      view.setUint32(pointers + index * 4, at, true);
      new Uint8Array(this.#buffer(), at, entry.length).set(entry);
      at += entry.length;
    }
    return SUCCESS;
  }

  #clockTimeGet(clock: number, at: number): number {
    const time = clock === 0 ? this.#options.realtimeNs() : this.#options.monotonicNs();
    this.#view().setBigUint64(at, time, true);
    return SUCCESS;
  }

  #randomGet(at: number, length: number): number {
    randomFillSync(new Uint8Array(this.#buffer(), at, length));
    return SUCCESS;
  }

  #vectors(at: number, count: number): Uint8Array[] {
    const view = this.#view();
    return Array.from({ length: count }, (_, index) => {
      const start = view.getUint32(at + index * 8, true);
      return new Uint8Array(this.#buffer(), start, view.getUint32(at + index * 8 + 4, true));
    });
  }

  #fdRead([descriptor, vectors, count, at]: Transfer): number {
    if (descriptor !== STDIN) return BAD_DESCRIPTOR;
    let total = 0;
    for (const vector of this.#vectors(vectors, count)) {
      const chunk = this.#options.stdin.subarray(this.#read, this.#read + vector.length);
      vector.set(chunk);
      this.#read += chunk.length;
      total += chunk.length;
    }
    this.#view().setUint32(at, total, true);
    return SUCCESS;
  }

  #fdWrite([descriptor, vectors, count, at]: Transfer): number {
    const written = this.#written[descriptor];
    if (written === undefined) return BAD_DESCRIPTOR;
    let total = 0;
    for (const vector of this.#vectors(vectors, count)) {
      written.push(vector.slice());
      total += vector.length;
    }
    this.#view().setUint32(at, total, true);
    return SUCCESS;
  }

  #fdStat(descriptor: number, at: number): number {
    if (descriptor > STDERR) return BAD_DESCRIPTOR;
    const view = this.#view();
    view.setBigUint64(at, 0n, true);
    view.setUint8(at, CHARACTER_DEVICE);
    view.setBigUint64(at + 8, ALL_RIGHTS, true);
    view.setBigUint64(at + 16, ALL_RIGHTS, true);
    return SUCCESS;
  }

  /**
   * Go sleeps here when all its goroutines wait. There is nothing to wait for
   * but time, and a clock that is asked again soon enough is right: every
   * subscription is answered at once, and Go looks at its clock and comes back.
   */
  #poll([subscriptions, events, count, at]: Poll): number {
    if (count === 0) return NOT_SUPPORTED;
    const view = this.#view();
    for (let index = 0; index < count; index += 1) {
      const event = events + index * EVENT_SIZE;
      const subscription = subscriptions + index * SUBSCRIPTION_SIZE;
      view.setBigUint64(event, view.getBigUint64(subscription, true), true);
      view.setUint16(event + 8, SUCCESS, true);
      view.setUint8(event + 10, view.getUint8(subscription + 8));
    }
    view.setUint32(at, count, true);
    return SUCCESS;
  }
}
