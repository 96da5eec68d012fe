import { createHash, randomBytes } from 'node:crypto';
import type { Config } from '../config/paths.ts';
import type { Act } from '../core/act.ts';
import { isRefusal, type SignInLink } from '../core/change.ts';
import type { Clock } from '../core/clock.ts';
import type { Right } from '../dashboard/api.ts';
import type { Person, SignedIn, TakenLink } from '../dashboard/port.ts';
import { decisionIds } from '../state/decision-id.ts';
import type { Store } from '../state/store.ts';
import { actOf, type DashboardParts } from './dashboard-parts.ts';

const LINK_MS = 5 * 60_000;

/** Who makes a link: the person at a terminal, the holder of an approver's key, or a program, which may only look. */
export interface LinkMaker {
  readonly person: string;
  /** Of an approver's key. */
  readonly groups: readonly string[];
  readonly key: string;
  readonly readsOnly: boolean;
  readonly actor: Act['actor'];
  readonly via: Act['via'];
}

/** Makes a link that signs in once within five minutes, recorded; its token, which nobody is told again. */
export async function makeLink(store: Store, clock: Clock, maker: LinkMaker): Promise<string> {
  const { person, groups, key, readsOnly, actor, via } = maker;
  const token = randomBytes(32).toString('base64url');
  const now = clock.now();
  const link: SignInLink = {
    hash: hashOf(token),
    person,
    groups,
    key,
    readsOnly,
    createdMs: now,
    expiresMs: now + LINK_MS,
  };
  const after = { rights: rightsOf(link), expires: new Date(link.expiresMs).toISOString() };
  const act = { verb: 'dashboard.link', subject: person, before: null, after, reason: '' };
  const id = decisionIds(clock)();
  await store.log.act({ id, time: new Date(now).toISOString(), actor, via, ...act }, [{ kind: 'add_link', link }]);
  return token;
}

/** Signs somebody in by a link, recorded; nobody a second time. */
export async function takeLink(parts: DashboardParts, token: string): Promise<TakenLink> {
  const { store, clock } = parts;
  const hash = hashOf(token);
  const link = await store.signInLink(hash);
  if (link === undefined || !(await stillHolds(parts, link))) return { kind: 'refused', why: 'unknown' };
  const person = personOf(link, parts.read().config);
  const act = actOf(parts, person, signedInAs(person));
  const nowMs = clock.now();
  const made = await store.log.act(act, [{ kind: 'use_link', hash, nowMs }]);
  if (!isRefusal(made)) return { kind: 'taken', person };
  const isUsed = (await store.signInLink(hash))?.usedMs !== undefined;
  return { kind: 'refused', why: isUsed ? 'used' : 'expired' };
}

/** Whether the key with which somebody has come in still holds; who came in without one stays. */
export async function stillHolds(
  { store }: Pick<DashboardParts, 'store'>,
  { key }: Pick<Person, 'key'>,
): Promise<boolean> {
  return key === '' || (await store.keys()).some(({ id, revokedMs }) => id === key && revokedMs === undefined);
}

/** What somebody may whom a provider has let in, by their groups; recorded where it is anything. */
export async function welcome(parts: DashboardParts, { user, groups }: SignedIn): Promise<Person | undefined> {
  const { config } = parts.read();
  const { rights } = config.dashboard;
  const isIn = (named: readonly string[]): boolean => named.some((group) => group === '*' || groups.includes(group));
  const may = RIGHTS.filter((right) => isIn(rights[right]));
  // Who may do anything may look at it.
  if (may.length === 0) return undefined;
  const person: Person = {
    name: user,
    groups: [...new Set([...groups, ...groupsOf(user, config)])],
    may: [...new Set<Right>(['read', ...may])],
    actor: `user:${user}`,
    key: '',
  };
  await parts.store.log.act(actOf(parts, person, signedInAs(person)));
  return person;
}

const RIGHTS: readonly Right[] = ['read', 'approve', 'change'];

/** An approver's key answers approvals wherever it is used, and nothing else; who holds it need not be who runs the gateway. */
function rightsOf({ readsOnly, key }: Pick<SignInLink, 'readsOnly' | 'key'>): readonly Right[] {
  if (readsOnly) return ['read'];
  return key === '' ? RIGHTS : ['read', 'approve'];
}

function personOf(link: SignInLink, config: Config): Person {
  const { person, groups, key } = link;
  return {
    name: person,
    groups: [...new Set([...groupsOf(person, config), ...groups])],
    may: rightsOf(link),
    actor: key === '' ? `user:${person}` : `key:${key}`,
    key,
  };
}

/** Groups whose members the configuration names. */
function groupsOf(user: string, { approvals }: Config): readonly string[] {
  return Object.entries(approvals.groups).flatMap(([group, members]) => (members.includes(user) ? [group] : []));
}

function signedInAs({ name, may }: Person): Omit<Act, 'id' | 'time' | 'actor' | 'via'> {
  return { verb: 'dashboard.sign_in', subject: name, before: null, after: { rights: may }, reason: '' };
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
