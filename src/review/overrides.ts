import type { JsonObject } from '../core/json.ts';
import type { Mode, People } from '../core/opinion.ts';
import { parseTime, type PermitStanding, standingAt } from '../policy/permit-terms.ts';
import type { BundleScope } from '../policy/scope.ts';
import type { Terms, WrittenPermit } from '../policy/written-permits.ts';
import { permitKey, type SeenPermit, type SeenPermits } from './seen-permits.ts';

/** A bundle of layer override as it is configured now. */
export interface OverrideBundle {
  readonly id: string;
  readonly mode: Mode;
  readonly ruleModes: Readonly<Record<string, Mode>>;
  /** Which calls it takes part in. */
  readonly scope: BundleScope;
  readonly written: readonly WrittenPermit[];
  /** The rules of it that permit. */
  readonly rules: readonly PermitRule[];
  /** Whether two names in it are known to be two people. */
  readonly people: People;
  /** Why it cannot be used; then it permits nothing, and what it governs is denied. Empty where it can. */
  readonly problem: string;
}

export interface PermitRule {
  readonly id: string;
  readonly title: string;
  readonly owner: string;
  /** Paths of data that it reads. */
  readonly reads: readonly string[];
}

/**
 * `void` is what can never lift anything as it stands, `gone` what the bundles permitted and no longer do, and
 * `unconfirmed` what they permitted and nobody can ask about any more, because its call was recorded with parts masked.
 */
export type OverrideState = 'in_force' | 'unconfirmed' | 'void' | 'not_begun' | 'ended' | 'gone';

export interface ListedOverride extends Terms {
  readonly bundle: string;
  /** Full name of the rule; empty where several rules of the bundle may be the one, and none has said it yet. */
  readonly rule: string;
  readonly title: string;
  readonly owner: string;
  readonly state: OverrideState;
  /** Why it is void, else empty. */
  readonly why: string;
  /** Seconds until it ends; 0 where it has ended, or has no time. */
  readonly ends_in_s: number;
  readonly people: People;
  readonly known_from: 'configuration' | 'log';
  /** Which calls its bundle takes part in; globs. */
  readonly for: BundleScope;
  /** What the bundle's data say of it beside. */
  readonly more: JsonObject;
  /** Decisions in which it lifted something, as far as the log goes back. */
  readonly uses: number;
  /** RFC 3339, or empty. */
  readonly last_used: string;
}

export interface OverrideFacts {
  readonly bundles: readonly OverrideBundle[];
  readonly seen: SeenPermits;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Of a permit that only the log knows: whether its bundle says it still, or undefined where nobody can tell. */
  readonly saysStill: (seen: SeenPermit) => boolean | undefined;
}

/** Every permit that is written in the data of the bundles or was said of a recorded call; what ends first comes first. */
export function listOverrides({ bundles, seen, now, saysStill }: OverrideFacts): readonly ListedOverride[] {
  const written = bundles.flatMap((bundle) => bundle.written.map((permit) => ({ bundle, permit })));
  const keys = new Set(written.map(({ bundle, permit }) => permitKey(bundle.id, permit.terms)));
  const configured = written.map(({ bundle, permit }) =>
    listWritten(bundle, permit, { now, seen: seen.get(permitKey(bundle.id, permit.terms)) }),
  );
  const others = [...seen].filter(([key]) => !keys.has(key)).map(([, permit]) => permit);
  const recorded = others.map((permit) => listSeen(permit, bundles, { now, saysStill }));
  return [...configured, ...recorded].toSorted(byEnd);
}

/** Rules that permit and of which no permit is known: what they permit is put together in Rego, call by call. */
export function silentRules(bundles: readonly OverrideBundle[], listed: readonly ListedOverride[]): readonly string[] {
  const known = new Set(listed.map(({ rule }) => rule));
  return bundles.flatMap(({ id, rules, written }) =>
    rules
      .filter(({ id: rule }) => !known.has(`${id}/${rule}`))
      .filter(({ reads }) => !written.some(({ place }) => reads.some((path) => meets(path, place))))
      .map((rule) => `${id}/${rule.id}`),
  );
}

const EVERYTHING: BundleScope = { servers: ['*'], agents: ['*'], tools: ['*'] };

interface Now {
  readonly now: number;
}

function listWritten(
  bundle: OverrideBundle,
  { terms, place, problem, more }: WrittenPermit,
  { now, seen }: Now & { readonly seen: SeenPermit | undefined },
): ListedOverride {
  const reading = bundle.rules.filter(({ reads }) => reads.some((path) => meets(path, place)));
  const rule = bundle.rules.find(({ id }) => id === seen?.rule) ?? (reading.length === 1 ? reading[0] : undefined);
  const why = problem === '' ? whyNever(bundle, rule?.id) : problem;
  const unread = why === '' && reading.length === 0 ? 'no rule of the bundle reads it' : why;
  return {
    ...listed(terms, { bundle: bundle.id, rule, seen, people: bundle.people }),
    ...stateOf(terms, { now, why: unread }),
    known_from: 'configuration',
    for: bundle.scope,
    more,
  };
}

function listSeen(
  seen: SeenPermit,
  bundles: readonly OverrideBundle[],
  { now, saysStill }: Pick<OverrideFacts, 'now' | 'saysStill'>,
): ListedOverride {
  const bundle = bundles.find(({ id }) => id === seen.bundle);
  const rule = bundle?.rules.find(({ id }) => id === seen.rule) ?? { id: seen.rule, title: '', owner: '' };
  const standing = stateOf(seen.terms, { now, why: bundle === undefined ? '' : whyNever(bundle, seen.rule) });
  const still = standing.state === 'in_force' && bundle !== undefined ? saysStill(seen) : false;
  const state = still === undefined ? 'unconfirmed' : 'gone';
  return {
    ...listed(seen.terms, { bundle: seen.bundle, rule, seen, people: seen.people }),
    ...standing,
    ...(standing.state === 'in_force' && still !== true ? { state } : {}),
    known_from: 'log',
    for: bundle?.scope ?? EVERYTHING,
    more: {},
  };
}

interface Naming {
  readonly bundle: string;
  readonly rule: Pick<PermitRule, 'id' | 'title' | 'owner'> | undefined;
  readonly seen: SeenPermit | undefined;
  readonly people: People;
}

function listed(
  terms: Terms,
  { bundle, rule, seen, people }: Naming,
): Omit<ListedOverride, 'state' | 'why' | 'ends_in_s' | 'known_from' | 'for' | 'more'> {
  return {
    bundle,
    rule: rule === undefined ? '' : `${bundle}/${rule.id}`,
    title: rule?.title ?? '',
    owner: rule?.owner ?? '',
    ...terms,
    people,
    uses: seen?.uses ?? 0,
    last_used: seen?.lastUsed ?? '',
  };
}

function whyNever({ problem, mode, ruleModes }: OverrideBundle, rule = ''): string {
  if (problem !== '') return 'its bundle cannot be used';
  return (ruleModes[rule] ?? mode) === 'shadow' || mode === 'shadow' ? 'it is in mode shadow' : '';
}

const FAULTS: Readonly<Record<Exclude<PermitStanding, 'holds' | 'not_begun' | 'ended'>, string>> = {
  no_time: 'its times are no RFC 3339 times with offset',
  ends_before_it_begins: 'it ends before it begins',
  more_than_30_days: 'it is longer than 30 days',
  no_requester: 'nobody has asked for it',
  no_approver: 'nobody has approved it',
  one_person: 'one person has asked for it and approved it',
  no_justification: 'it gives no reason',
};

/** What is over is over, whatever else was wrong with it. */
function stateOf(
  terms: Terms,
  { now, why }: Now & { readonly why: string },
): Pick<ListedOverride, 'state' | 'why' | 'ends_in_s'> {
  const until = parseTime(terms.expires_at);
  const ends_in_s = until === null ? 0 : Math.max(0, Math.ceil((until - now) / 1000));
  if (until !== null && until <= now) return { state: 'ended', why: '', ends_in_s };
  const standing = standingAt(terms, now);
  if (standing !== 'holds' && standing !== 'not_begun' && standing !== 'ended')
    return { state: 'void', why: why === '' ? FAULTS[standing] : why, ends_in_s };
  if (why !== '') return { state: 'void', why, ends_in_s };
  return { state: standing === 'holds' ? 'in_force' : standing, why: '', ends_in_s };
}

/** Of two paths one lies in the other, so that who reads the one sees the other. */
function meets(path: string, place: string): boolean {
  return path === '' || path === place || path.startsWith(`${place}.`) || place.startsWith(`${path}.`);
}

function byEnd(left: ListedOverride, right: ListedOverride): number {
  if (left.ends_in_s !== right.ends_in_s) return left.ends_in_s - right.ends_in_s;
  return permitKey(left.bundle, left) < permitKey(right.bundle, right) ? -1 : 1;
}
