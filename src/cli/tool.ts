import { localCaller } from '../app/local-caller.ts';
import { shownTools, type ShownTool, type ShownTools } from '../app/shown-tools.ts';
import { lockPathOf, readLock } from '../config/lock-file.ts';
import { nearest } from '../config/suggest.ts';
import { GatewayError } from '../core/errors.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import type { RulesInForce } from '../app/rules.ts';
import { findRules, type RuleInForce } from '../review/find-rules.ts';
import { regoOf } from '../review/rule-text.ts';
import type { CommandContext } from './context.ts';
import { announced } from './progress.ts';
import { readPolicy } from './reading-policy.ts';
import type { ConfigOption } from './config.ts';
import { knownServer } from './server-sign-ins.ts';
import {
  paint,
  printAligned,
  printJson,
  printLine,
  printTable,
  printWrapped,
  type Terminal,
  visible,
} from './terminal.ts';
import { trialOptions } from './trial-options.ts';
import { VERSION } from './version.ts';

export interface ToolOptions extends ConfigOption {
  readonly agent?: string;
  readonly all?: boolean;
  readonly json?: boolean;
}

export async function list(context: CommandContext, server: string | undefined, options: ToolOptions): Promise<void> {
  const { terminal } = context;
  const found = await find(context, server, options);
  const shown = found.tools.filter((tool) => options.all === true || tool.seen === 'listed');
  const tokens = shown.reduce((sum, tool) => sum + tool.tokens, 0);
  if (options.json === true) {
    const tools = shown.map(({ definition: _definition, pin: _pin, accepted: _accepted, ...tool }) => tool);
    return printJson(terminal, 'tool-ls', { tools, tokens, unlisted: found.unlisted });
  }
  if (shown.length > 0) printTable(terminal, ['tool', 'does', 'consent', 'tokens', 'server'], shown.map(cellsOf));
  if (shown.length > 0) printLine(terminal, `\n${String(shown.length)} tools, about ${String(tokens)} tokens`);
  const hidden = found.tools.length - shown.length;
  if (hidden > 0) printLine(terminal, `${String(hidden)} more are not shown to this agent; --all lists them.`);
  for (const id of found.unlisted)
    printLine(terminal, `${id} was never listed: mcp-gateway server inspect ${id} does it once.`);
  if (found.tools.length === 0 && found.unlisted.length === 0) printLine(terminal, 'There are no tools.');
}

export async function show(context: CommandContext, name: string, options: ToolOptions): Promise<void> {
  const { terminal } = context;
  const found = await find(context, undefined, options);
  const tool = named(name, found);
  const { inForce } = await readPolicy(context, { ...options, since: Date.now() });
  const rules = inForce.rules.filter((rule) => concerns(rule, tool) && speaksOf(rule, tool, inForce));
  const { definition, ...facts } = tool;
  if (options.json === true) {
    const speaking = rules.map(({ name: rule, layer, mode, rule: { title } }) => ({ rule, layer, mode, title }));
    return printJson(terminal, 'tool-show', { tool: { ...facts, definition }, rules: speaking });
  }
  print(terminal, tool, rules);
}

async function find(context: CommandContext, server: string | undefined, options: ToolOptions): Promise<ShownTools> {
  const { terminal, environment } = context;
  const { path, ...trial } = trialOptions(context, options);
  const only = server === undefined ? undefined : knownServer(trial.config, server);
  const { agent } = options;
  const caller = localCaller(trial.config, { agent, user: environment.user, version: VERSION, session: '' });
  const lock = readLock(lockPathOf(path), environment.workingFolder);
  const { timeZone: timezone } = Intl.DateTimeFormat().resolvedOptions();
  const work = shownTools({ ...trial, lock, caller, timezone });
  const { tools, unlisted } = await announced(terminal, 'policies are being compiled …', work);
  const isWanted = (id: string): boolean => only === undefined || id === only;
  return { tools: tools.filter((tool) => isWanted(tool.server)), unlisted: unlisted.filter(isWanted) };
}

/** Throws USAGE with what was probably meant. */
function named(name: string, { tools, unlisted }: ShownTools): ShownTool {
  const found = tools.find((tool) => tool.name === name || `${tool.server}/${tool.tool}` === name);
  if (found !== undefined) return found;
  const meant = nearest(
    name,
    tools.map((tool) => tool.name),
  );
  const never = unlisted.length === 0 ? '' : ` The tools of ${unlisted.join(', ')} are not known yet.`;
  throw new GatewayError('USAGE', `no tool is called "${name}"`, {
    mend: `${meant === undefined ? '`mcp-gateway tool ls` lists them.' : `Did you mean ${meant}?`}${never}`,
  });
}

/** A rule of another server's bundle may have the same words. */
function concerns({ layer, bundle }: RuleInForce, { server }: ShownTool): boolean {
  return layer !== 'server' || bundle === server || bundle.startsWith('starter-');
}

/** In its words, or in its Rego, where the name of the tool stands. */
function speaksOf(found: RuleInForce, { tool }: ShownTool, { modules }: RulesInForce): boolean {
  if (findRules([found], tool).match === 'all') return true;
  const { file, row } = found.rule;
  return regoOf(modules.get(found.bundle)?.[file] ?? '', row).some((line) => line.includes(`"${tool}"`));
}

const DOES = { read: 'reads', write: 'writes', destroy: 'destroys', unknown: 'unknown' } as const;
const SEEN = {
  listed: '',
  hidden: 'hidden by a rule',
  out_of_reach: 'out of reach',
  in_doubt: 'in doubt: a bundle cannot be asked',
} as const;

function cellsOf({ name, effect, consent, tokens, server, seen }: ShownTool): readonly string[] {
  const where = seen === 'listed' ? server : `${server} (${SEEN[seen]})`;
  return [name, DOES[effect], consent, String(tokens), where];
}

function print(terminal: Terminal, tool: ShownTool, rules: readonly RuleInForce[]): void {
  const { name, server, effect, consent, tokens, seen, definition, pin, accepted, hidden_by } = tool;
  printLine(terminal, paint(terminal, 'bold', visible(name)));
  printWrapped(terminal, 'server', tool.tool === name ? server : `${server}, where it is called ${tool.tool}`);
  const { description, inputSchema } = definition;
  if (typeof description === 'string') printWrapped(terminal, 'says', description);
  printWrapped(terminal, 'does', `${DOES[effect]}; about ${String(tokens)} tokens`);
  printWrapped(terminal, 'consent', CONSENT[consent]);
  if (seen !== 'listed') printWrapped(terminal, 'seen', [SEEN[seen], ...hidden_by].join(', '));
  printWrapped(
    terminal,
    'pin',
    `${pin.contract.slice(0, 12)}${accepted === null ? '' : pinText(tool, accepted.contract)}`,
  );
  const members = membersOf(inputSchema);
  if (members.length > 0) printAligned(terminal, 'takes', members);
  const named = rules.map(({ name: rule, rule: { title } }) => [rule, title]);
  if (named.length > 0) printAligned(terminal, 'rules', named);
  else printWrapped(terminal, 'rules', 'none names it; those that speak of every call count all the same');
  printWrapped(terminal, 'try', `mcp-gateway tool call ${name} --args '{}'`);
}

function pinText({ pin }: ShownTool, contract: string): string {
  return contract === pin.contract ? ', as accepted' : `, accepted was ${contract.slice(0, 12)}`;
}

const CONSENT = {
  accepted: 'accepted',
  new: 'nobody has accepted it yet',
  changed: 'changed since it was accepted, so it cannot be used: mcp-gateway server approve shows the change',
} as const;

/** Each argument with its type and whether it must be there. */
function membersOf(schema: JsonObject[string] | undefined): readonly (readonly string[])[] {
  if (!isJsonObject(schema) || !isJsonObject(schema['properties'])) return [];
  const required = Array.isArray(schema['required']) ? schema['required'] : [];
  return Object.entries(schema['properties']).map(([name, value]) => {
    const { type, description } = isJsonObject(value) ? value : {};
    const facts = [typeof type === 'string' ? type : '', required.includes(name) ? 'required' : ''];
    const about = typeof description === 'string' ? description : '';
    return [name, facts.filter((fact) => fact !== '').join(', '), about];
  });
}
