import { statSync, type Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { FoundServer } from './servers.ts';
import type { ServerPins } from '../catalog/pins.ts';
import { readLock } from '../config/lock-file.ts';
import { messageOf } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import { lockedIn, type LockedServer, type ServerLock, type ServerUnit, unitDrift } from '../core/server-lock.ts';
import type { Bundle } from '../policy/bundle.ts';
import type { PolicySet } from '../policy/policy-set.ts';

export interface LockOptions {
  /** Absent where nothing is pinned, such as in a gateway that has no file of a configuration. */
  readonly path: string | undefined;
  readonly workingFolder?: string;
  readonly textDrift: ServerPins['text'];
  readonly logger: Logger;
  /** How often it is looked whether the file has changed, milliseconds. */
  readonly pollMs?: number;
}

const POLL_MS = 1_000;

/** A lock that cannot be read pins everything, because nobody knows what it pins. */
type Held = { readonly kind: 'good'; readonly servers: ServerLock } | { readonly kind: 'broken' };

/**
 * `mcp-gateway.lock` as a running gateway has it: read at the start and whenever the file has changed, never written. A
 * server that commands have moved to another package or bundle meanwhile stays what it is, with the pins that go with it,
 * until the gateway is started again: server, bundle and pins move together.
 */
export class LockInForce {
  readonly #options: LockOptions;
  readonly #kept = new Map<string, LockedServer>();
  readonly #told = new Set<string>();
  #held: Held = { kind: 'good', servers: {} };
  #stamp = '';
  #timer: NodeJS.Timeout | undefined;

  constructor(options: LockOptions) {
    this.#options = options;
    this.#held = this.#read();
  }

  /** What was accepted of a server, where its command line is still the one that was accepted. */
  packageOf(id: string, command: string): LockedServer['package'] | undefined {
    const locked = this.#lockedServer(id);
    return locked?.command === command ? locked.package : undefined;
  }

  /** What of a server's tools counts as accepted; undefined where nobody has accepted the server. */
  pinsOf(found: FoundServer, policy: PolicySet): ServerPins | undefined {
    const { textDrift: text } = this.#options;
    if (this.#held.kind === 'broken') return { tools: new Map(), drift: 'lock', text };
    const locked = this.#lockedServer(found.id);
    if (locked === undefined) return undefined;
    const unit = runningUnit(found, policy);
    const [drift] = unitDrift(locked, unit);
    if (drift === undefined) {
      this.#kept.set(found.id, locked);
      return { ...pinsIn(locked), drift: '', text };
    }
    const before = this.#kept.get(found.id);
    const hasMoved = before !== undefined && before !== locked && unitDrift(before, unit).length === 0;
    this.#tell(`${found.id} ${drift}`, hasMoved, { server: found.id, changed: drift });
    return hasMoved ? { ...pinsIn(before), drift: '', text } : { tools: new Map(), drift, text };
  }

  /** Calls back whenever the file has changed, until it is closed. */
  watch(onChanged: () => Promise<void>): void {
    const { path, logger, pollMs = POLL_MS } = this.#options;
    if (path === undefined) return;
    const look = async (): Promise<void> => {
      try {
        if ((await stampOf(path)) === this.#stamp) return;
        this.#held = this.#read();
        await onChanged();
      } catch (thrown) {
        logger.error('what was accepted cannot be put in force', { problem: messageOf(thrown) });
        // It is tried again at the next look.
        this.#stamp = '';
      }
    };
    const next = (): void => {
      this.#timer = setTimeout(() => void look().finally(() => this.#timer !== undefined && next()), pollMs).unref();
    };
    next();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #lockedServer(id: string): LockedServer | undefined {
    return this.#held.kind === 'good' ? lockedIn(this.#held.servers, id) : undefined;
  }

  #read(): Held {
    const { path, workingFolder, logger } = this.#options;
    if (path === undefined) return { kind: 'good', servers: {} };
    // Before it is read: what is written meanwhile is read once more.
    this.#stamp = stampIn(statSync(path, { throwIfNoEntry: false }));
    try {
      return { kind: 'good', servers: readLock(path, workingFolder) };
    } catch (thrown) {
      logger.error('no tool can be used, because nobody knows which were accepted', { problem: messageOf(thrown) });
      return { kind: 'broken' };
    }
  }

  #tell(what: string, hasMoved: boolean, fields: { readonly server: string; readonly changed: string }): void {
    const { logger } = this.#options;
    const key = `${what} ${String(hasMoved)}`;
    if (this.#told.has(key)) return;
    this.#told.add(key);
    if (hasMoved) logger.warn('a server was updated; start the gateway again to use it', fields);
    else logger.error('a server is another than was accepted; its tools are quarantined', fields);
  }
}

/** What runs and what governs it now. */
function runningUnit(found: FoundServer, policy: PolicySet): ServerUnit {
  const own = policy.participants.find(({ place }) => place.kind === 'server' && place.server === found.id);
  return unitOf(found, own?.loaded?.bundle);
}

/** The unit that a server is, with the bundle that governs it. */
export function unitOf(found: FoundServer, own: Pick<Bundle, 'digest' | 'signature'> | undefined): ServerUnit {
  const { package: name, version, integrity, command } = found;
  return {
    package: name === '' && version === '' ? null : { name, version, integrity },
    command,
    bundle: own === undefined ? null : { digest: own.digest },
    signer: own?.signature.kind === 'verified' ? own.signature.signer : '',
  };
}

function pinsIn({ tools, instructions }: LockedServer): Pick<ServerPins, 'tools' | 'instructions'> {
  return { tools: new Map(Object.entries(tools)), instructions };
}

async function stampOf(path: string): Promise<string> {
  return stampIn(await stat(path).catch(() => undefined));
}

/** Another whenever the file is another. */
function stampIn(found: Stats | undefined): string {
  return found === undefined ? 'none' : `${String(found.ino)} ${String(found.size)} ${String(found.mtimeMs)}`;
}
