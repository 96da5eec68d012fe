import { createInterface } from 'node:readline/promises';
import { type LookedAt, lookAt } from '../app/look.ts';
import { instructionsPin } from '../catalog/pins.ts';
import type { LoadedConfig } from '../config/load.ts';
import { lockPathOf, readLock, writeLock } from '../config/lock-file.ts';
import type { Act } from '../core/act.ts';
import { GatewayError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import type { ServerId } from '../core/names.ts';
import { lockedIn, type LockedPackage, type LockedServer, type ServerLock } from '../core/server-lock.ts';
import { wordsFact, writeWords } from '../review/rule-words.ts';
import { ACCEPTED_TOOLS, type Definitions, readDefinitions } from '../review/unit-changes.ts';
import { type Acting, acting } from './acting.ts';
import type { CommandContext } from './context.ts';
import { stderrLogger } from './log.ts';
import { announced } from './progress.ts';
import { clock, signInsOf } from './server-sign-ins.ts';
import type { ServerOptions } from './server.ts';
import { isAnswered } from './terminal.ts';
import { VERSION } from './version.ts';

/** What commands about servers, their bundles and their pins work with. */
export interface UnitWork extends Acting {
  readonly context: CommandContext;
  readonly lockPath: string;
  /** As it was when the command began; a change is made to what the file holds then. */
  readonly lock: ServerLock;
}

export function unitWork(
  context: CommandContext,
  options: ServerOptions,
  work: (unit: UnitWork) => Promise<void>,
): Promise<void> {
  return acting(context, options, async (parts) => {
    const lockPath = lockPathOf(parts.loaded.path);
    return work({ ...parts, context, lockPath, lock: readLock(lockPath, context.environment.workingFolder) });
  });
}

export interface Looking {
  /** The configuration that the server is in; the command's own by default. */
  readonly loaded?: LoadedConfig;
  readonly accepted?: LockedPackage | undefined;
  readonly isFresh?: boolean;
}

/** Starts a server once, as the lock has it, and says what it is. */
export async function look(id: ServerId, work: UnitWork, looking: Looking = {}): Promise<LookedAt> {
  const { context, store, lock } = work;
  const { loaded = work.loaded, isFresh = false } = looking;
  const { home, cache, variables } = context.environment;
  const locked = lockedIn(lock, id);
  const isAsAccepted = locked !== undefined && locked.command === loaded.commands[id] && !isFresh;
  const accepted = looking.accepted ?? (isAsAccepted ? (locked.package ?? undefined) : undefined);
  const signIns = signInsOf(context, loaded.config, store.withLease);
  try {
    const looked = lookAt(id, loaded.config, {
      home,
      cache,
      version: VERSION,
      host: { platform: process.platform, nodePath: process.execPath, environment: variables },
      clock,
      logger: stderrLogger('error', loaded.secrets),
      secrets: loaded.secrets,
      memory: store.catalog,
      signIns,
      commands: loaded.commands,
      accepted,
      isFresh,
    });
    return await announced(context.terminal, `${id} is being started …`, looked);
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
export function accept(work: UnitWork, accepting: Accepting): Promise<string> {
  const { store, lockPath, actOf, context } = work;
  const { id, next, alongside } = accepting;
  return store.withLease('mcp-gateway.lock', async () => {
    const lock = readLock(lockPath, context.environment.workingFolder);
    const { [id]: before, ...others } = lock;
    const after = next(before);
    const act = actOf(accepting.act);
    await store.log.act(act);
    await remember(work, accepting);
    writeLock(lockPath, after === undefined ? others : { ...others, [id]: after });
    alongside?.();
    return act.id;
  });
}

/** The words of the bundle's rules are kept too, so that the next one can be compared with them. */
async function remember({ store }: UnitWork, { id, definitions, looked }: Accepting): Promise<void> {
  await store.catalog.writeFact(id, ACCEPTED_TOOLS, definitions);
  if (looked?.bundle.kind !== 'good') return;
  const { bundle, rules } = looked.bundle.checked;
  await store.catalog.writeFact(id, wordsFact(bundle.digest), writeWords(rules));
}

/** The definitions that were accepted, as far as this store knows them. */
export async function acceptedDefinitions({ store }: UnitWork, id: string): Promise<Definitions> {
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

/** Asks the person at the terminal. Throws USAGE where there is none. */
export async function confirmed({ terminal }: CommandContext, question: string, instead: string): Promise<boolean> {
  if (!isAnswered(terminal)) throw new GatewayError('USAGE', 'nobody is at a terminal to be asked', { mend: instead });
  const lines = createInterface({ input: terminal.in, output: terminal.err });
  try {
    const said = await lines.question(`${question} Type yes to do so: `);
    return said.trim().toLowerCase() === 'yes';
  } finally {
    lines.close();
  }
}

export function neverAccepted(id: string): GatewayError {
  return new GatewayError('USAGE', `nobody has accepted "${id}" yet`, {
    mend: `Accept what it is now with \`mcp-gateway server approve ${id} --all\`.`,
  });
}
