import { randomBytes } from 'node:crypto';
import type { Config } from '../config/paths.ts';
import { AgentIdText } from '../config/schema-values.ts';
import { isRefusal } from '../core/change.ts';
import { GatewayError } from '../core/errors.ts';
import type { KeyRole, NewKey, StoredKey } from '../core/key.ts';
import { acting } from './acting.ts';
import { makeKey } from './approver.ts';
import { type ConfigOption } from './config.ts';
import type { CommandContext } from './context.ts';
import { printJson, printLine, printTable } from './terminal.ts';

export interface KeyOptions extends ConfigOption {
  readonly json?: boolean;
}

export interface CreateOptions extends KeyOptions {
  readonly role: KeyRole;
  readonly groups?: string;
  readonly user?: string;
  readonly agent?: string;
  readonly dataClasses?: string;
}

export function create(context: CommandContext, options: CreateOptions): Promise<void> {
  const { terminal, environment } = context;
  const { role, user = environment.user } = options;
  const groups = namesIn(options.groups);
  const dataClasses = namesIn(options.dataClasses);
  return acting(context, options, async ({ config, store, actOf }) => {
    const agent = agentOf(options, config);
    const { text, hash } = makeKey();
    const id = randomBytes(6).toString('hex');
    const key: NewKey = { id, role, hash, user, groups, agent, dataClasses, createdMs: store.clock.now() };
    const after = { role, user, groups: [...groups], ...(agent !== '' && { agent, data_classes: [...dataClasses] }) };
    await store.log.act(actOf({ verb: 'key.create', subject: id, before: null, after, reason: '' }), [
      { kind: 'add_key', key },
    ]);
    if (role === 'agent' && config.gateway.auth?.apiKeys !== true)
      terminal.err.write('Keys are not taken yet: set gateway.auth.apiKeys to true, and start the gateway again.\n');
    if (options.json === true) return printJson(terminal, 'key-create', { id, key: text, ...after });
    const who = agent === '' ? user : `the agent ${agent} of ${user}`;
    terminal.err.write(`Key ${id} stands for ${who}. It is shown this once and not kept:\n`);
    return printLine(terminal, text);
  });
}

/** Which agent the key is for; empty for an approver. As `serve --agent`, where agents are configured it is one of them. */
function agentOf({ role, agent, dataClasses }: CreateOptions, { agents }: Config): string {
  if (role === 'approver') {
    if (agent === undefined && dataClasses === undefined) return '';
    throw new GatewayError('USAGE', 'an approver’s key is no agent’s: it takes neither --agent nor --data-classes', {
      mend: 'Leave them out, or make the key with --role agent.',
    });
  }
  const known = Object.keys(agents);
  if (agent === undefined || !AgentIdText.safeParse(agent).success) {
    throw new GatewayError('USAGE', 'an agent’s key names its agent', {
      mend: 'Add --agent ID: 1 to 64 letters, digits, spaces and the characters . _ @ -',
    });
  }
  if (known.length === 0 || known.includes(agent)) return agent;
  throw new GatewayError('USAGE', `there is no agent "${agent}" in the configuration`, {
    mend: `The agents are ${known.join(', ')}.`,
  });
}

export function list(context: CommandContext, options: KeyOptions): Promise<void> {
  const { terminal } = context;
  return acting(context, options, async ({ store }) => {
    const keys = await store.keys();
    if (options.json === true) return printJson(terminal, 'key-ls', { keys: keys.map(shownKey) });
    const rows = keys.map(shownKey).map(({ id, role, agent, user, groups, created, revoked }) => {
      return [id, role, agent || '-', user, groups.join(', ') || '-', created, revoked || '-'];
    });
    return printTable(terminal, ['id', 'role', 'agent', 'user', 'groups', 'created', 'revoked'], rows);
  });
}

export function revoke(context: CommandContext, id: string, options: KeyOptions): Promise<void> {
  const { terminal } = context;
  return acting(context, options, async ({ store, actOf }) => {
    const act = actOf({ verb: 'key.revoke', subject: id, before: null, after: null, reason: '' });
    const made = await store.log.act(act, [{ kind: 'revoke_key', id, atMs: store.clock.now() }]);
    if (isRefusal(made)) {
      throw new GatewayError('KEY_NOT_FOUND', `there is no key ${id} that still holds`, {
        mend: '`mcp-gateway key ls` shows all of them.',
      });
    }
    if (options.json === true) return printJson(terminal, 'key-revoke', { id });
    return printLine(terminal, `Key ${id} is revoked.`);
  });
}

function namesIn(text = ''): readonly string[] {
  return text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

interface ShownKey {
  readonly id: string;
  readonly role: string;
  /** Empty where it is an approver's. */
  readonly agent: string;
  readonly user: string;
  readonly groups: readonly string[];
  readonly data_classes: readonly string[];
  readonly created: string;
  readonly revoked: string;
}

function shownKey({ id, role, agent, user, groups, dataClasses, createdMs, revokedMs }: StoredKey): ShownKey {
  const revoked = revokedMs === undefined ? '' : new Date(revokedMs).toISOString();
  const created = new Date(createdMs).toISOString();
  return { id, role, agent, user, groups, data_classes: dataClasses, created, revoked };
}
