/** What a tool is pinned by; both are SHA-256, hex. */
export interface ToolPin {
  /** Over schemas and annotations: a change of it is a change of the tool. */
  readonly contract: string;
  /** Over what only people and models read. */
  readonly text: string;
}

export interface LockedPackage {
  readonly name: string;
  readonly version: string;
  /** As in a lock file of npm; empty for what was not installed by the gateway. */
  readonly integrity: string;
}

/** What runs and what governs it, without the tools that it offers. */
export interface ServerUnit {
  /** Null where no package belongs to the server. */
  readonly package: LockedPackage | null;
  /** SHA-256 of the command line or the address as the configuration has it, hex. */
  readonly command: string;
  /** The bundle of its own that governs it; null where it has none. */
  readonly bundle: { readonly digest: string } | null;
  /** Whose signature the bundle has; empty where it has none. */
  readonly signer: string;
}

/** One server as somebody has accepted it. */
export interface LockedServer extends ServerUnit {
  /** By the server's own names. */
  readonly tools: Readonly<Record<string, ToolPin>>;
  /** SHA-256, hex, of what the server tells every model of itself; absent where it was accepted before that was pinned. */
  readonly instructions?: string | undefined;
}

/** All that somebody has accepted, by the ids of servers. */
export type ServerLock = Readonly<Record<string, LockedServer>>;

export function lockedIn(lock: ServerLock, id: string): LockedServer | undefined {
  return Object.hasOwn(lock, id) ? lock[id] : undefined;
}

/** What of a server is another than it was accepted as. */
export type UnitDrift = 'package' | 'command' | 'bundle' | 'signer';

export function unitDrift(locked: ServerUnit, running: ServerUnit): readonly UnitDrift[] {
  const isSame: Readonly<Record<UnitDrift, boolean>> = {
    package: isSamePackage(locked.package, running.package),
    command: locked.command === running.command,
    bundle: locked.bundle?.digest === running.bundle?.digest,
    signer: locked.signer === running.signer,
  };
  return (['package', 'command', 'bundle', 'signer'] as const).filter((part) => !isSame[part]);
}

function isSamePackage(left: LockedPackage | null, right: LockedPackage | null): boolean {
  if (left === null || right === null) return left === right;
  return left.name === right.name && left.version === right.version && left.integrity === right.integrity;
}
