import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Answerer } from '../app/approvals.ts';
import type { Config } from '../config/paths.ts';
import { GatewayError } from '../core/errors.ts';
import type { StoredKey } from '../core/key.ts';
import { KEY_PREFIX } from '../core/names.ts';
import type { CommandContext } from './context.ts';
import { isAnswered } from './terminal.ts';

/** Environment variable that stands for a terminal. */
const VARIABLE = 'MCP_GATEWAY_APPROVER_KEY';

/**
 * The holder of the key in the environment, else the person at the terminal. A key counts before the terminal, because
 * somebody has put it there. Throws APPROVER_NEEDED where there is neither.
 */
export function identifyAnswerer(
  { environment, terminal }: CommandContext,
  keys: readonly StoredKey[],
  groups: Config['approvals']['groups'],
): Answerer {
  const groupsOf = (user: string): readonly string[] =>
    Object.entries(groups).flatMap(([group, members]) => (members.includes(user) ? [group] : []));
  const text = environment.variables[VARIABLE];
  if (text !== undefined && text !== '') {
    const { id, user, groups: own } = keyWith(text, keys);
    return { person: user, groups: [...groupsOf(user), ...own], actor: `key:${id}`, via: 'approver_key', key: id };
  }
  if (!isAnswered(terminal)) {
    throw new GatewayError('APPROVER_NEEDED', 'this needs a person at a terminal, or an approver’s key', {
      mend: `Run it in a terminal, or put an approver’s key into ${VARIABLE}.`,
    });
  }
  const { user } = environment;
  return { person: user, groups: groupsOf(user), actor: `user:${user}`, via: 'terminal', key: '' };
}

/** A new key: its text, which is shown once, and its hash, which is kept. */
export function makeKey(): { readonly text: string; readonly hash: string } {
  const text = `${KEY_PREFIX}${randomBytes(32).toString('base64url')}`;
  return { text, hash: hashOf(text).toString('hex') };
}

/** Every key is compared, each in constant time. */
function keyWith(text: string, keys: readonly StoredKey[]): StoredKey {
  const hash = hashOf(text);
  const found = keys.filter((key) => timingSafeEqual(Buffer.from(key.hash.padEnd(64, '0'), 'hex'), hash));
  const holding = found.find(({ revokedMs, role }) => revokedMs === undefined && role === 'approver');
  if (holding !== undefined) return holding;
  throw new GatewayError('APPROVER_NEEDED', `the key in ${VARIABLE} is not an approver’s, or was revoked`, {
    mend: '`mcp-gateway key create --role approver` makes one.',
  });
}

function hashOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
