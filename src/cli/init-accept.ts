import { accept, definitionsIn, lockedAs, refuseBadBundle, summaryOf } from '../app/unit.ts';
import { GatewayError } from '../core/errors.ts';
import { isServerId } from '../core/names.ts';
import type { LookedAt } from '../app/look.ts';
import type { CommandContext } from './context.ts';
import type { Draft } from './init-draft.ts';
import { confirmedWith } from './init-prompts.ts';
import type { InitOptions } from './init.ts';
import { announced } from './progress.ts';
import { look, type UnitWork, unitWork } from './server-unit.ts';
import { groupsOf, printGroups, printUnit, type ShownGroups } from './shown-unit.ts';
import { paint, printLine } from './terminal.ts';

/** What came of one server. */
export type Accepted =
  | {
      readonly server: string;
      readonly state: 'accepted' | 'seen';
      readonly bundle: string;
      readonly groups: ShownGroups;
    }
  /** It waits for secrets or variables. */
  | { readonly server: string; readonly state: 'waiting'; readonly for: readonly string[] }
  | { readonly server: string; readonly state: 'failed'; readonly problem: string; readonly mend: string };

interface Accepting {
  readonly draft: Draft;
  readonly options: InitOptions;
  /** Secrets that the person has just given. */
  readonly answered: ReadonlyMap<string, string>;
}

/** Starts each new server once, shows what it offers, and accepts it when the person says so. One that fails holds up no other. */
export async function acceptAll(context: CommandContext, accepting: Accepting): Promise<readonly Accepted[]> {
  const { draft, options, answered } = accepting;
  const results = new Map<string, Accepted>();
  await unitWork(context, { config: draft.path }, async (work) => {
    const ready = draft.plan.servers.filter(({ id, needed, unset }) => {
      const missing = [...needed.filter((name) => !answered.has(name)), ...unset];
      if (missing.length > 0) results.set(id, { server: id, state: 'waiting', for: missing });
      return missing.length === 0;
    });
    const seen: LookedAt[] = [];
    for (const group of inGroupsOf(AT_ONCE, ready)) {
      const waiting = group.map(async ({ id }) => seeOne(work, id));
      const names = group.map(({ id }) => id).join(', ');
      for (const one of await announced(context.terminal, `starting ${names}`, Promise.all(waiting))) {
        if ('state' in one) results.set(one.server, one);
        else seen.push(one);
      }
    }
    const isAccepted = await isWanted(context, options, seen);
    for (const looked of seen) results.set(looked.found.id, await settle(work, looked, isAccepted));
  });
  return draft.plan.servers.flatMap(({ id }) => results.get(id) ?? []);
}

/** Each installs a package at its first start, and holds a process. */
const AT_ONCE = 4;

function inGroupsOf<T>(size: number, items: readonly T[]): readonly (readonly T[])[] {
  const count = Math.ceil(items.length / size);
  return Array.from({ length: count }, (_, index) => items.slice(index * size, (index + 1) * size));
}

async function seeOne(work: UnitWork, id: string): Promise<LookedAt | Accepted> {
  try {
    if (!isServerId(id)) return failed(id, new GatewayError('USAGE', `"${id}" is no id of a server`));
    const looked = await look(id, work);
    refuseBadBundle(looked);
    return looked;
  } catch (thrown) {
    if (!(thrown instanceof GatewayError)) throw thrown;
    return failed(id, thrown);
  }
}

function failed(server: string, { message, mend }: GatewayError): Accepted {
  return { server, state: 'failed', problem: message, mend: mend ?? `mcp-gateway server test ${server}` };
}

async function isWanted(
  { terminal }: CommandContext,
  { yes, json }: InitOptions,
  seen: readonly LookedAt[],
): Promise<boolean> {
  if (json !== true) {
    for (const looked of seen) {
      printLine(terminal, '');
      printLine(terminal, paint(terminal, 'bold', looked.found.id));
      printUnit(terminal, looked);
      printGroups(terminal, looked.tools);
    }
  }
  if (yes === true || seen.length === 0) return true;
  const tools = seen.reduce((count, { tools: { length } }) => count + length, 0);
  return confirmedWith(terminal, `Accept these ${String(tools)} tools of ${String(seen.length)} servers?`);
}

async function settle(work: UnitWork, looked: LookedAt, isAccepted: boolean): Promise<Accepted> {
  const { id } = looked.found;
  const bundle = looked.bundle.kind === 'good' ? looked.bundle.path : '';
  const groups = groupsOf(looked.tools);
  if (!isAccepted) return { server: id, state: 'seen', bundle, groups };
  const locked = lockedAs(looked);
  await accept(work, {
    id,
    next: () => locked,
    definitions: definitionsIn(looked),
    looked,
    act: { verb: 'server.add', subject: id, before: null, after: summaryOf(locked), reason: '' },
  });
  return { server: id, state: 'accepted', bundle, groups };
}
