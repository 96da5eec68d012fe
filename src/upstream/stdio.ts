import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import type { Clock } from '../core/clock.ts';
import { GatewayError, messageOf } from '../core/errors.ts';
import { NewlineFramer } from '../core/framing.ts';
import type { Logger } from '../core/logger.ts';
import { serverEnvironment, type Environment } from './environment.ts';
import { ErrorLines } from './error-lines.ts';
import type { GroupGuard } from './group-guard.ts';
import { endGroup } from './process-group.ts';
import { programOf } from './program.ts';
import { readMessage } from './read-message.ts';
import type { Wire, WireListener } from './wire.ts';

export interface StdioOptions {
  /** How messages name the server. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string | undefined;
  /** What the configuration sets for this server. */
  readonly env: Environment;
  readonly host: Host;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The longest message taken from the server, bytes. A longer one ends it. */
  readonly maxMessageBytes: number;
  /** Milliseconds from asking to end until the process group is killed; 5,000 by default. */
  readonly graceMs?: number | undefined;
  /** Gets the server's name and each line that it writes to its stderr. */
  readonly onErrorLine?: ((name: string, line: string) => void) | undefined;
  /** Ends the process group where the gateway is killed. */
  readonly guard?: GroupGuard | undefined;
}

/** The machine and the process in which the gateway runs. */
export interface Host {
  readonly platform: string;
  /** The Node that runs the gateway. */
  readonly nodePath: string;
  /** The gateway's own environment. */
  readonly environment: Environment;
}

const GRACE_MS = 5_000;
/** How long a server may take to end by itself once its input has ended (MCP 2025-11-25, basic/lifecycle, shutdown). */
const POLITE_MS = 300;
/** How long what a dead server wrote last may still be on its way. */
const DRAIN_MS = 200;
const MOST_QUEUED_BYTES = 64 * 1024 * 1024;
const NEW_LINE = 0x0a;

/**
 * A server that is a child process and speaks over its stdin and stdout, a message a line. It is started without a
 * shell, in a process group of its own, with an environment of its own. A line that is no message is counted and
 * survived; a line that is too long ends the server, because what follows it cannot be trusted to be a line.
 */
export class StdioWire implements Wire {
  readonly hasStreams = false;
  readonly #options: StdioOptions;
  readonly #errors: ErrorLines;
  #child: ChildProcessWithoutNullStreams | undefined;
  #listener: WireListener | undefined;
  #framer: NewlineFramer | undefined;
  /** Bytes since the last end of a line. */
  #unendedBytes = 0;
  #junkLines = 0;
  #outgoing = '';
  readonly #flush = (): void => {
    const text = this.#outgoing;
    this.#outgoing = '';
    if (text !== '' && this.#child?.stdin.writable === true) this.#child.stdin.write(text);
  };
  #isClosed = false;
  #ending: Promise<void> | undefined;

  constructor(options: StdioOptions) {
    this.#options = options;
    this.#errors = new ErrorLines(options.clock, (line) => options.onErrorLine?.(options.name, line));
  }

  async open(listener: WireListener): Promise<void> {
    const child = this.#spawn();
    const started = new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', (error) => reject(this.#cannotStart(error)));
    });
    // What a process cannot be told later (a signal it may not get) is no reason to throw.
    child.on('error', (error) => this.#options.logger.debug('upstream process error', { error: messageOf(error) }));
    // Where a process could not be made, its pipes may be missing too.
    if (child.pid === undefined) return started;
    this.#child = child;
    this.#options.guard?.add(child.pid);
    this.#framer = new NewlineFramer({
      maxBytes: this.#options.maxMessageBytes,
      onLine: (line) => this.#takeLine(line),
      onOversized: () => this.#overflow(),
    });
    child.stdout.on('data', (chunk: Buffer) => this.#take(chunk));
    child.stderr.on('data', (chunk: Buffer) => this.#errors.push(chunk));
    child.stdin.on('error', () => this.#close('stopped reading its input'));
    child.once('exit', (code, signal) =>
      this.#onExit(child, code === null ? `ended on ${signal}` : `ended with status ${code}`),
    );
    await started;
    this.#listener = listener;
  }

  send(text: string): undefined {
    const stdin = this.#child?.stdin;
    if (stdin === undefined || !stdin.writable) throw this.#closedBecause('takes no more input');
    if (stdin.writableLength + this.#outgoing.length > MOST_QUEUED_BYTES) {
      throw new GatewayError('UPSTREAM_UNAVAILABLE', `"${this.#options.name}" does not read what it is sent.`);
    }
    // Several messages of one turn leave in one write.
    if (this.#outgoing === '') process.nextTick(this.#flush);
    this.#outgoing += `${text}\n`;
    return undefined;
  }

  abandon(): void {
    // An answer that still comes is counted by the connection.
  }

  agree(): void {
    // The revision shows nowhere on this road.
  }

  listen(): void {
    // Whatever the server says comes on the one road there is.
  }

  lastErrors(): readonly string[] {
    return this.#errors.lines();
  }

  close(): Promise<void> {
    this.#isClosed = true;
    this.#ending ??= this.#end();
    return this.#ending;
  }

  #spawn(): ChildProcessWithoutNullStreams {
    const { command, args, cwd, env, host } = this.#options;
    const environment = serverEnvironment(host.environment, env, host.platform);
    const program = programOf({ command, args }, { ...host, environment });
    try {
      return spawn(program.command, program.args, {
        cwd,
        env: environment,
        shell: false,
        detached: host.platform !== 'win32',
        windowsHide: true,
        stdio: ['pipe', 'pipe', 'pipe'],
      });
    } catch (error) {
      throw this.#cannotStart(error);
    }
  }

  #take(chunk: Buffer): void {
    const end = chunk.lastIndexOf(NEW_LINE);
    this.#unendedBytes = end === -1 ? this.#unendedBytes + chunk.length : chunk.length - end - 1;
    if (this.#isClosed) return;
    this.#framer?.push(chunk);
    if (this.#unendedBytes > this.#options.maxMessageBytes) this.#overflow();
  }

  #takeLine(line: Buffer): void {
    if (this.#isClosed) return;
    const read = readMessage(line, this.#options.maxMessageBytes);
    if (read.kind === 'ok') {
      this.#listener?.onMessage(read.message);
      return;
    }
    if (read.id !== undefined) {
      const said = `"${this.#options.name}" answered with a message that cannot be read: ${read.why}.`;
      this.#listener?.onUnreadable(read.id, new GatewayError('UPSTREAM_PROTOCOL', said));
    }
    this.#junk(line, read.why);
  }

  /** Told at the first line and then ever more rarely; the words stay out of the log, for they may hold anything. */
  #junk(line: Buffer, why: string): void {
    this.#junkLines++;
    if (this.#junkLines <= 10) this.#errors.add(`(stdout) ${line.toString('utf8', 0, 400)}`);
    if (!/^10*$/u.test(String(this.#junkLines))) return;
    const { logger, name } = this.#options;
    logger.warn('an upstream server writes to stdout what is no message', {
      server: name,
      lines: this.#junkLines,
      why,
    });
  }

  #overflow(): void {
    this.#close(`sent a message of more than ${this.#options.maxMessageBytes} bytes`, 'UPSTREAM_PROTOCOL');
  }

  /** What the process wrote last is read before it counts as gone; what it left behind in its group is ended. */
  #onExit(child: ChildProcessWithoutNullStreams, how: string): void {
    const drained = setTimeout(() => this.#close(how), DRAIN_MS);
    child.once('close', () => {
      clearTimeout(drained);
      this.#framer?.end();
      this.#close(how);
    });
  }

  #close(how: string, code: 'UPSTREAM_CLOSED' | 'UPSTREAM_PROTOCOL' = 'UPSTREAM_CLOSED'): void {
    if (this.#isClosed) return;
    void this.close();
    this.#listener?.onClose(
      code === 'UPSTREAM_CLOSED' ? this.#closedBecause(how) : new GatewayError(code, `"${this.#options.name}" ${how}.`),
    );
  }

  async #end(): Promise<void> {
    const child = this.#child;
    if (child?.pid === undefined) return;
    this.#flush();
    child.stdin.end();
    if (child.exitCode === null && child.signalCode === null) {
      await Promise.race([new Promise((resolve) => child.once('exit', resolve)), wait(POLITE_MS)]);
    }
    await endGroup(child, this.#options.graceMs ?? GRACE_MS, this.#options.host.platform);
    this.#options.guard?.remove(child.pid);
    child.stdout.destroy();
    child.stderr.destroy();
    child.stdin.destroy();
  }

  #closedBecause(how: string): GatewayError {
    return new GatewayError('UPSTREAM_CLOSED', `"${this.#options.name}" ${how}.`, {
      mend: `\`mcp-gateway server logs ${this.#options.name}\` shows its last words.`,
    });
  }

  #cannotStart(cause: unknown): GatewayError {
    const { name, command, cwd } = this.#options;
    const isAbsent = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
    const where = cwd === undefined ? '' : ` in the folder ${JSON.stringify(cwd)}`;
    const mend = isAbsent
      ? `Install "${command}", or give its full path; and check that the folder exists.`
      : undefined;
    return new GatewayError(
      'UPSTREAM_UNAVAILABLE',
      `"${name}" cannot be started: ${JSON.stringify(command)}${where}: ${messageOf(cause)}.`,
      {
        cause,
        ...(mend === undefined ? {} : { mend }),
      },
    );
  }
}
