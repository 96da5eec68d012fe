import {
  accept,
  acceptedDefinitions,
  definitionsIn,
  lockedAs,
  neverAccepted,
  refuseBadBundle,
  summaryOf,
} from '../app/unit.ts';
import type { LookedAt } from '../app/look.ts';
import { GatewayError } from '../core/errors.ts';
import { lockedIn, type LockedPackage, type LockedServer } from '../core/server-lock.ts';
import type { Impact } from '../review/impact.ts';
import { impactText } from '../review/policy-diff-text.ts';
import { readWords, wordsFact, writeWords } from '../review/rule-words.ts';
import { type RuleChange, ruleChanges, type ToolChange, toolChanges } from '../review/unit-changes.ts';
import { parseNpx } from '../upstream/npx.ts';
import type { CommandContext } from './context.ts';
import { knownServer } from './server-sign-ins.ts';
import { impactOfUnit } from './server-impact.ts';
import { keepUnit } from './server-history.ts';
import { confirmed, look, type UnitWork, unitWork } from './server-unit.ts';
import type { ServerOptions } from './server.ts';
import { changeAsJson, printChanges, printRules, printUnitChanges, unitChanges } from './shown-unit.ts';
import { printJson, printLine, visible } from './terminal.ts';

export interface UpdateOptions extends ServerOptions {
  readonly version?: string;
  readonly yes?: boolean;
  readonly reason?: string;
}

/** Moves a server, its bundle and its pins together to what it is now or in another version, once the difference was seen. */
export function update(context: CommandContext, id: string, options: UpdateOptions): Promise<void> {
  return unitWork(context, options, async (work) => {
    const server = knownServer(work.config, id);
    const locked = lockedIn(work.lock, id);
    if (locked === undefined) throw neverAccepted(id);
    const accepted = candidatePackage(id, work, { locked, version: options.version });
    const looked = await look(server, work, { accepted, isFresh: accepted === undefined });
    refuseBadBundle(looked);
    const after = lockedAs(looked);
    const impact = await impactOfUnit({ server: id, bundlePath: pathOf(looked), before: locked, after }, work);
    const found = await differencesOf(work, looked, locked);
    const seen: Seen = { work, looked, locked, impact, ...found };
    if (options.json !== true) show(seen);
    if (seen.unit.length === 0 && seen.tools.every(({ kind }) => kind === 'same')) return say(seen, options, '');
    if (options.yes !== true && !(await confirmed(context, `Update ${id} to this?`, 'Add --yes to accept it.'))) {
      return printLine(context.terminal, 'Nothing was updated.');
    }
    return say(seen, options, await record(seen, options));
  });
}

interface Differences {
  readonly unit: ReturnType<typeof unitChanges>;
  readonly tools: readonly ToolChange[];
  readonly rules: readonly RuleChange[];
}

interface Seen extends Differences {
  readonly work: UnitWork;
  readonly looked: LookedAt;
  readonly locked: LockedServer;
  readonly impact: Impact | undefined;
}

/** The package in the version that was asked for; undefined leaves it to the command line. */
function candidatePackage(
  id: string,
  { config }: UnitWork,
  { locked, version }: { readonly locked: LockedServer; readonly version: string | undefined },
): LockedPackage | undefined {
  if (version === undefined) return undefined;
  const transport = config.mcpServers[id]?.transport;
  const request = transport?.kind === 'stdio' ? parseNpx(transport) : undefined;
  const isNamed =
    request !== undefined && /^(?:@[^/:]+\/)?[^/:]+$/u.test(request.spec) && !request.spec.endsWith('.tgz');
  if (isNamed && locked.package !== null) return { name: locked.package.name, version, integrity: '' };
  throw new GatewayError('USAGE', `"${id}" is not installed by the gateway, so no version of it can be chosen`, {
    mend: 'Change its files or its command line, and run `mcp-gateway server update` without --version.',
  });
}

function pathOf({ bundle }: LookedAt): string | undefined {
  return bundle.kind === 'none' ? undefined : bundle.path;
}

export async function differencesOf(work: UnitWork, looked: LookedAt, locked: LockedServer): Promise<Differences> {
  const { id } = looked.found;
  const digest = locked.bundle?.digest;
  const words = digest === undefined ? undefined : await work.store.catalog.readFact(id, wordsFact(digest));
  const now = looked.bundle.kind === 'good' ? writeWords(looked.bundle.checked.rules) : undefined;
  return {
    unit: unitChanges(locked, looked),
    tools: toolChanges(looked.tools, locked, await acceptedDefinitions(work, id)),
    rules: ruleChanges(readWords(words), readWords(now)),
  };
}

function show({ work, looked, unit, tools, rules, impact }: Seen): void {
  const { terminal } = work.context;
  printUnitChanges(terminal, unit);
  printChanges(terminal, tools);
  printRules(terminal, rules);
  if (impact !== undefined) for (const line of impactText(impact)) printLine(terminal, visible(line));
  const named = namedVersion(work, looked.found.id);
  if (named !== '' && named !== looked.unit.package?.version) {
    printLine(terminal, visible(`The configuration names version ${named}; what was accepted counts before it.`));
  }
}

/** The one version that the command line names; empty where it names none. */
function namedVersion({ config }: UnitWork, id: string): string {
  const transport = config.mcpServers[id]?.transport;
  const request = transport?.kind === 'stdio' ? parseNpx(transport) : undefined;
  return /.@(\d[^/:]*)$/u.exec(request?.spec ?? '')?.[1] ?? '';
}

async function record({ work, looked, locked }: Seen, options: UpdateOptions): Promise<string> {
  const { id } = looked.found;
  const after = lockedAs(looked);
  await keepUnit(work, id, { locked, definitions: await acceptedDefinitions(work, id) });
  return accept(work, {
    id,
    next: () => after,
    definitions: definitionsIn(looked),
    looked,
    act: {
      verb: 'server.update',
      subject: id,
      before: summaryOf(locked),
      after: summaryOf(after),
      reason: options.reason ?? '',
    },
  });
}

function say({ work, looked, unit, tools, rules, impact }: Seen, { json }: UpdateOptions, act: string): void {
  const { terminal } = work.context;
  const { id } = looked.found;
  if (json === true) {
    const changed = tools.filter(({ kind }) => kind !== 'same').map(changeAsJson);
    const body = { server: id, unit, tools: changed, rules, impact: impact ?? null, act };
    return printJson(terminal, 'server-update', body);
  }
  if (act === '') return printLine(terminal, `${id} is as it was accepted; there is nothing newer.`);
  const running = 'A gateway that runs takes it when it is started again.';
  return printLine(terminal, `Updated ${id}. \`mcp-gateway server rollback ${id}\` takes it back. ${running}`);
}
