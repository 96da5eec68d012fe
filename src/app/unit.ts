import { type LookedAt, lookAt } from './look.ts';
import { signInsFor } from './sign-ins.ts';
import { instructionsPin } from '../catalog/pins.ts';
import type { LoadedConfig } from '../config/load.ts';
import { readLock, writeLock } from '../config/lock-file.ts';
import type { Config } from '../config/paths.ts';
import type { Act } from '../core/act.ts';
import type { Clock } from '../core/clock.ts';
import { GatewayError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import type { Logger } from '../core/logger.ts';
import type { ServerId } from '../core/names.ts';
import { lockedIn, type LockedPackage, type LockedServer, type ServerLock } from '../core/server-lock.ts';
import { wordsFact, writeWords } from '../review/rule-words.ts';
import { ACCEPTED_TOOLS, type Definitions, readDefinitions } from '../review/unit-changes.ts';
import type { Store } from '../state/store.ts';
import type { Host } from '../upstream/stdio.ts';

/** What it takes to look at servers, and to accept what they are. */
export interface UnitGround {
  readonly config: Config;
  readonly loaded: LoadedConfig;
  readonly store: Store;
  readonly lockPath: string;
  /** As it was when the work began; a change is made to what the file holds then. */
  readonly lock: ServerLock;
  readonly actOf: (part: Omit<Act, 'id' | 'time' | 'actor' | 'via'>) => Act;
  readonly home: string;
  readonly cache: string;
  readonly workingFolder: string;
  readonly version: string;
  /** The user of the operating system. */
  readonly login: string;
  readonly host: Host;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface Looking {
  /** The configuration that the server is in; the command's own by default. */
  readonly loaded?: LoadedConfig;
  readonly accepted?: LockedPackage | undefined;
  readonly isFresh?: boolean;
}

/** Starts a server once, as the lock has it, and says what it is. */
export async function look(id: ServerId, ground: UnitGround, looking: Looking = {}): Promise<LookedAt> {
  const { store, lock, home, cache, version, host, clock, logger, login } = ground;
  const { loaded = ground.loaded, isFresh = false } = looking;
  const locked = lockedIn(lock, id);
  const isAsAccepted = locked !== undefined && locked.command === loaded.commands[id] && !isFresh;
  const accepted = looking.accepted ?? (isAsAccepted ? (locked.package ?? undefined) : undefined);
  const owner = loaded.config.gateway.principal.user.id ?? login;
  const signIns = signInsFor(loaded.config, { home, owner, withLease: store.withLease, clock, logger });
  try {
    return await lookAt(id, loaded.config, {
      home,
      cache,
      version,
      host,
      clock,
      logger,
      secrets: loaded.secrets,
      memory: store.catalog,
      signIns,
      commands: loaded.commands,
      accepted,
      isFresh,
    });
  } finally {
    signIns.close();
  }
}

/** Throws BUNDLE_INVALID where the bundle that governs a server cannot be used: nobody takes on what is denied throughout. */
export function refuseBadBundle({ bundle, found }: LookedAt): void {
  if (bundle.kind !== 'bad') return;
  throw new GatewayError('BUNDLE_INVALID', `the bundle of ${found.id} cannot be used: ${bundle.problem}`, {
    mend: 'All its calls would be denied, so nothing was changed.',
  });
}

/** What is accepted of a server when all that was seen of it is. */
export function lockedAs({ unit, tools, instructions }: LookedAt): LockedServer {
  const pins = Object.fromEntries(tools.map(({ name, pin }) => [name, pin]));
  return { ...unit, tools: pins, instructions: instructionsPin(instructions) };
}

export interface Accepting {
  readonly id: string;
  /** What is to be accepted; undefined takes the server out. */
  readonly next: (before: LockedServer | undefined) => LockedServer | undefined;
  /** The definitions that a later difference is shown against, all of them. */
  readonly definitions: Definitions;
  readonly looked?: LookedAt;
  readonly act: Omit<Act, 'id' | 'time' | 'actor' | 'via'>;
  /** What else is written while no other command writes, such as the configuration. */
  readonly alongside?: () => void;
}

/** Records who accepts what, and then writes it, while no other command does. The id of the record. */
export function accept(ground: UnitGround, accepting: Accepting): Promise<string> {
  const { store, lockPath, actOf, workingFolder } = ground;
  const { id, next, alongside } = accepting;
  return store.withLease('mcp-gateway.lock', async () => {
    const lock = readLock(lockPath, workingFolder);
    const { [id]: before, ...others } = lock;
    const after = next(before);
    const act = actOf(accepting.act);
    await store.log.act(act);
    await remember(ground, accepting);
    writeLock(lockPath, after === undefined ? others : { ...others, [id]: after });
    alongside?.();
    return act.id;
  });
}

/** The words of the bundle's rules are kept too, so that the next one can be compared with them. */
async function remember({ store }: UnitGround, { id, definitions, looked }: Accepting): Promise<void> {
  await store.catalog.writeFact(id, ACCEPTED_TOOLS, definitions);
  if (looked?.bundle.kind !== 'good') return;
  const { bundle, rules } = looked.bundle.checked;
  await store.catalog.writeFact(id, wordsFact(bundle.digest), writeWords(rules));
}

/** The definitions that were accepted, as far as this store knows them. */
export async function acceptedDefinitions({ store }: UnitGround, id: string): Promise<Definitions> {
  return readDefinitions(await store.catalog.readFact(id, ACCEPTED_TOOLS));
}

export function definitionsIn({ tools }: LookedAt): Definitions {
  return Object.fromEntries(tools.map(({ name, definition }) => [name, definition]));
}

/** What an act keeps of what was accepted: enough to say what it was, without every hash of a long list. */
export function summaryOf(locked: LockedServer | undefined): JsonObject | null {
  if (locked === undefined) return null;
  const { package: found, command, bundle, signer, tools } = locked;
  return {
    package: found === null ? null : { name: found.name, version: found.version, integrity: found.integrity },
    command,
    bundle: bundle === null ? null : { digest: bundle.digest },
    signer,
    tools: Object.keys(tools).length,
  };
}

export function neverAccepted(id: string): GatewayError {
  return new GatewayError('USAGE', `nobody has accepted "${id}" yet`, {
    mend: `Accept what it is now with \`mcp-gateway server approve ${id} --all\`.`,
  });
}
