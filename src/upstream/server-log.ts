import { constants } from 'node:fs';
import { lstat, mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../core/clock.ts';
import { messageOf } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import { maskedText, secretsByLine } from '../core/masked-text.ts';
import type { ServerId } from '../core/names.ts';

export interface ServerLogsOptions {
  /** The gateway's home folder. */
  readonly home: string;
  /** Values that must not be kept, the longest first: a server may write what it was given. */
  readonly secrets: readonly string[];
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A file is set aside at this size; the one before is kept, older ones are not. */
const MAX_BYTES = 256 * 1024;
const FLUSH_MS = 100;

/**
 * What servers write to their stderr, for `server logs`: one file for each server, which all gateways of a home append
 * to. Lines are gathered and written behind; what is lost when the gateway is killed is no evidence of anything.
 */
export class ServerLogs {
  readonly #options: ServerLogsOptions;
  readonly #secrets: readonly string[];
  readonly #waiting = new Map<string, string[]>();
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #hasFailed = false;

  constructor(options: ServerLogsOptions) {
    this.#options = options;
    this.#secrets = secretsByLine(options.secrets);
  }

  /** Takes one line, safe to be shown on a terminal. */
  add(server: string, line: string): void {
    const shown = maskedText(line, this.#secrets);
    const time = new Date(this.#options.clock.now()).toISOString();
    const lines = this.#waiting.get(server) ?? [];
    this.#waiting.set(server, lines);
    lines.push(`${time} ${shown}\n`);
    this.#timer ??= setTimeout(() => this.#flush(), FLUSH_MS).unref();
  }

  /** Resolves when everything is written. */
  async close(): Promise<void> {
    this.#flush();
    await this.#writing;
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const taken = [...this.#waiting];
    this.#waiting.clear();
    this.#writing = this.#write(taken, this.#writing);
  }

  async #write(taken: readonly (readonly [string, readonly string[]])[], before: Promise<void>): Promise<void> {
    await before;
    for (const [server, lines] of taken) await this.#append(server, lines.join(''));
  }

  async #append(server: string, text: string): Promise<void> {
    const path = pathOf(this.#options.home, server);
    try {
      await mkdir(folderOf(this.#options.home), { recursive: true, mode: 0o700 });
      if ((await appendTo(path, text)) > MAX_BYTES) await rename(path, `${path}.1`);
    } catch (thrown) {
      if (!this.#hasFailed) {
        this.#options.logger.warn('what servers write to stderr is not kept', { problem: messageOf(thrown) });
      }
      this.#hasFailed = true;
    }
  }
}

/** The size of the file then, bytes. */
async function appendTo(path: string, text: string): Promise<number> {
  const file = await open(path, APPEND, 0o600);
  try {
    await file.write(text);
    return (await file.stat()).size;
  } finally {
    await file.close();
  }
}

/** Through no link. */
const APPEND = constants.O_APPEND | constants.O_CREAT | constants.O_WRONLY | (constants.O_NOFOLLOW ?? 0);

/** The last lines of a server, oldest first; none where no gateway has kept any. */
export async function readServerLog(home: string, server: ServerId, limit: number): Promise<readonly string[]> {
  const path = pathOf(home, server);
  const texts = await Promise.all([`${path}.1`, path].map(readFileOrNothing));
  return texts
    .join('')
    .split('\n')
    .filter((line) => line !== '')
    .slice(-limit);
}

async function readFileOrNothing(path: string): Promise<string> {
  try {
    return (await lstat(path)).isFile() ? await readFile(path, 'utf8') : '';
  } catch {
    return '';
  }
}

function folderOf(home: string): string {
  return join(home, 'logs', 'servers');
}

function pathOf(home: string, server: string): string {
  return join(folderOf(home), `${server}.log`);
}
