import { randomBytes } from 'node:crypto';
import { isRefusal } from '../core/change.ts';
import { GatewayError } from '../core/errors.ts';
import type { NewKey, StoredKey } from '../core/key.ts';
import { acting } from './acting.ts';
import { makeKey } from './approver.ts';
import { type ConfigOption } from './config.ts';
import type { CommandContext } from './context.ts';
import { clock } from './server-sign-ins.ts';
import { printJson, printLine, printTable } from './terminal.ts';

export interface KeyOptions extends ConfigOption {
  readonly json?: boolean;
}

export interface CreateOptions extends KeyOptions {
  readonly role: 'approver' | 'agent';
  readonly groups?: string;
  readonly user?: string;
}

export function create(context: CommandContext, options: CreateOptions): Promise<void> {
  const { terminal, environment } = context;
  const { role, user = environment.user } = options;
  if (role === 'agent') {
    throw new GatewayError('NOT_BUILT', 'keys for agents are not in this version', {
      mend: 'Name the agent with `serve --agent ID`.',
    });
  }
  const groups = groupsIn(options.groups ?? '');
  return acting(context, options, async ({ store, actOf }) => {
    const { text, hash } = makeKey();
    const key: NewKey = { id: randomBytes(6).toString('hex'), role, hash, user, groups, createdMs: clock.now() };
    const after = { role, user, groups: [...groups] };
    await store.log.act(actOf({ verb: 'key.create', subject: key.id, before: null, after, reason: '' }), [
      { kind: 'add_key', key },
    ]);
    if (options.json === true) return printJson(terminal, 'key-create', { id: key.id, key: text, ...after });
    terminal.err.write(`Key ${key.id} stands for ${user}. It is shown this once and not kept:\n`);
    return printLine(terminal, text);
  });
}

export function list(context: CommandContext, options: KeyOptions): Promise<void> {
  const { terminal } = context;
  return acting(context, options, async ({ store }) => {
    const keys = store.keys();
    if (options.json === true) return printJson(terminal, 'key-ls', { keys: keys.map(shownKey) });
    const rows = keys.map(shownKey).map(({ id, role, user, groups, created, revoked }) => {
      return [id, role, user, groups.join(', ') || '-', created, revoked || '-'];
    });
    return printTable(terminal, ['id', 'role', 'user', 'groups', 'created', 'revoked'], rows);
  });
}

export function revoke(context: CommandContext, id: string, options: KeyOptions): Promise<void> {
  const { terminal } = context;
  return acting(context, options, async ({ store, actOf }) => {
    const act = actOf({ verb: 'key.revoke', subject: id, before: null, after: null, reason: '' });
    const made = await store.log.act(act, [{ kind: 'revoke_key', id, atMs: clock.now() }]);
    if (isRefusal(made)) {
      throw new GatewayError('KEY_NOT_FOUND', `there is no key ${id} that still holds`, {
        mend: '`mcp-gateway key ls` shows all of them.',
      });
    }
    if (options.json === true) return printJson(terminal, 'key-revoke', { id });
    return printLine(terminal, `Key ${id} is revoked.`);
  });
}

function groupsIn(text: string): readonly string[] {
  return text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

function shownKey({ id, role, user, groups, createdMs, revokedMs }: StoredKey): {
  readonly id: string;
  readonly role: string;
  readonly user: string;
  readonly groups: readonly string[];
  readonly created: string;
  readonly revoked: string;
} {
  const revoked = revokedMs === undefined ? '' : new Date(revokedMs).toISOString();
  return { id, role, user, groups, created: new Date(createdMs).toISOString(), revoked };
}
