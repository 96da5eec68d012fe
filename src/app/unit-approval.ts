import type { LookedAt } from './look.ts';
import { accept, definitionsIn, lockedAs, summaryOf, type UnitGround } from './unit.ts';
import type { JsonObject } from '../core/json.ts';
import type { LockedServer } from '../core/server-lock.ts';
import { type Definitions, keptChanges, type ToolChange } from '../review/unit-changes.ts';

/** A server as it is now, beside what was accepted of it. */
export interface SeenUnit {
  readonly ground: UnitGround;
  readonly looked: LookedAt;
  readonly locked: LockedServer | undefined;
  readonly accepted: Definitions;
  readonly changes: readonly ToolChange[];
}

/** Accepts tools of a server, or all that it is now, recorded; the id of the record. */
export function acceptSeen(
  { ground, looked, locked, accepted, changes }: SeenUnit,
  tools: readonly string[],
  { isWhole, reason }: { readonly isWhole: boolean; readonly reason: string },
): Promise<string> {
  const { id } = looked.found;
  const wanted = new Set(tools);
  const next = (before: LockedServer | undefined): LockedServer => {
    if (isWhole || before === undefined) return lockedAs(looked);
    return { ...before, tools: mergedTools(before, looked, wanted) };
  };
  const definitions = definitionsIn(looked);
  const taken = Object.fromEntries(Object.entries(definitions).filter(([tool]) => isWhole || wanted.has(tool)));
  const which = changes
    .filter(({ tool }) => wanted.has(tool))
    .map(({ tool, kind, changes: places }): JsonObject => ({
      tool,
      kind,
      ...keptChanges(places, ground.loaded.secrets),
    }));
  return accept(ground, {
    id,
    next,
    definitions: isWhole ? definitions : { ...accepted, ...taken },
    looked,
    act: {
      verb: 'server.approve',
      subject: id,
      before: summaryOf(locked),
      after: { ...summaryOf(next(locked)), accepted: which },
      reason,
    },
  });
}

/** What is gone and accepted as such is taken out. */
function mergedTools(before: LockedServer, { tools }: LookedAt, wanted: ReadonlySet<string>): LockedServer['tools'] {
  const kept = Object.entries(before.tools).filter(([tool]) => !wanted.has(tool));
  const taken = tools.filter(({ name }) => wanted.has(name)).map(({ name, pin }) => [name, pin] as const);
  return Object.fromEntries([...kept, ...taken]);
}
