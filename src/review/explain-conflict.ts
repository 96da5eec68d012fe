import { phaseOf } from '../core/action.ts';
import type { Decision, Denial } from '../core/decision.ts';
import type { Layer, People, Permit, Verdict } from '../core/opinion.ts';
import type { SealedRecord } from '../core/record.ts';
import { combine } from '../policy/combine.ts';
import { grantingRulesOf } from '../policy/combine-grants.ts';
import { isEnforced, takingPart } from '../policy/combine-opinions.ts';
import { type PermitStanding, standingAt } from '../policy/permit-terms.ts';
import { opinionOf, partsOf, tell, timeText, type WordSources } from './record-words.ts';

/** `denies` stood in the end; `watches` is a rule that only warns, or takes no part. */
export type Fate = 'denies' | 'lifted' | 'warns' | 'watches' | 'let_through';

export interface ExplainedDenial {
  /** Full name of the rule, or a reason of the gateway. */
  readonly denial: string;
  readonly reason: string;
  /** `gateway` where no bundle denies. */
  readonly layer: Layer | 'gateway';
  readonly liftable: boolean;
  readonly fate: Fate;
  /** Permits that name it and did not lift it, each with why. */
  readonly not_lifted: readonly { readonly by: string; readonly why: string }[];
}

/** Who lifted what, and what for. */
export interface ExplainedLifting extends Pick<
  Permit,
  'justification' | 'requested_by' | 'approved_by' | 'not_before' | 'expires_at'
> {
  readonly denial: string;
  /** What the rule that denied says of itself; empty where nobody knows. */
  readonly title: string;
  readonly by: string;
  readonly people: People;
}

/** Every denial that was said, with what became of it: first those that stand, in the order of the reasons. */
export function explainDenials(record: SealedRecord, decision: Decision): readonly ExplainedDenial[] {
  const standing = decision.denials.map((denial) => explainStanding(record, denial));
  const names = new Set(standing.map(({ denial }) => denial));
  const said = record.layers.flatMap((opinion) =>
    opinion.deny.map((verdict) => ({ opinion, verdict, denial: `${opinion.bundle}/${verdict.id}` })),
  );
  const others = said
    .filter(({ denial }) => !names.has(denial))
    .map(({ opinion, verdict, denial }): ExplainedDenial => {
      const { layer, mode } = opinion;
      const fate = fateOf(record, { denial, layer, mode: mode === 'shadow' ? 'shadow' : verdict.mode });
      return { denial, reason: verdict.reason, layer, liftable: isLiftable(layer, verdict), fate, not_lifted: [] };
    });
  const missing = record.lifted.filter(({ denial }) => denial.startsWith('gateway.'));
  const lifted = missing.map(({ denial }): ExplainedDenial => ({
    denial,
    reason: denial,
    layer: 'gateway',
    liftable: true,
    fate: 'lifted',
    not_lifted: [],
  }));
  return [...new Map([...standing, ...others, ...lifted].map((one) => [one.denial, one])).values()];
}

function explainStanding(record: SealedRecord, { rule, reason }: Denial): ExplainedDenial {
  const denial = rule === '' ? reason : rule;
  const [, id] = partsOf(rule);
  const opinion = opinionOf(record, rule);
  const verdict = opinion?.deny.find((candidate) => candidate.id === id);
  const isMissingGrant = /^gateway\.(no_grant\.|unpolicied_server$)/.test(reason);
  const liftable = opinion === undefined || verdict === undefined ? isMissingGrant : isLiftable(opinion.layer, verdict);
  const layer = opinion?.layer ?? 'gateway';
  return { denial, reason, layer, liftable, fate: 'denies', not_lifted: permitsInVain(record, denial, liftable) };
}

function isLiftable(layer: Layer, { liftable }: Verdict): boolean {
  return liftable && layer !== 'identity' && layer !== 'override';
}

function fateOf({ lifted }: SealedRecord, { denial, layer, mode }: Pick<Verdict, 'mode'> & SaidDenial): Fate {
  if (lifted.some((one) => one.denial === denial)) return 'lifted';
  if (mode === 'shadow') return 'watches';
  return isEnforced(layer, mode) ? 'let_through' : 'warns';
}

interface SaidDenial {
  readonly denial: string;
  readonly layer: Layer;
}

function permitsInVain(record: SealedRecord, denial: string, liftable: boolean): ExplainedDenial['not_lifted'] {
  return record.layers
    .filter(({ layer }) => layer === 'override')
    .flatMap(({ bundle, mode, permit }) =>
      permit
        .filter(({ lifts }) => lifts.includes(denial))
        .map((one) => ({ by: `${bundle}/${one.id}`, why: whyInVain(record, { mode, permit: one, liftable }) })),
    );
}

interface InVain {
  readonly mode: Verdict['mode'];
  readonly permit: Permit;
  readonly liftable: boolean;
}

function whyInVain({ combine }: SealedRecord, { mode, permit, liftable }: InVain): string {
  if (!liftable) return 'this denial cannot be lifted';
  if (mode === 'shadow' || permit.mode === 'shadow') return 'it is in mode shadow';
  const standing = standingAt(permit, combine.now);
  if (standing === 'holds') return 'the decision had ended before it';
  return WHY_NOT[standing](permit);
}

const WHY_NOT: Readonly<Record<Exclude<PermitStanding, 'holds'>, (permit: Permit) => string>> = {
  not_begun: ({ not_before }) => `it begins ${timeText(not_before)}`,
  ended: ({ expires_at }) => `it ended ${timeText(expires_at)}`,
  no_time: () => 'its times cannot be read',
  ends_before_it_begins: () => 'it ends before it begins',
  more_than_30_days: () => 'it is longer than 30 days',
  no_requester: () => 'nobody has asked for it',
  no_approver: () => 'nobody has approved it',
  one_person: () => 'one person has asked for it and approved it',
  no_justification: () => 'it gives no reason',
};

/** One for each permit that took part in the lifting. */
export function explainLifted(record: SealedRecord, sources: WordSources): readonly ExplainedLifting[] {
  const { lifted, layers, combine: facts } = record;
  return lifted.flatMap(({ denial, by }) => {
    const [bundle, id] = partsOf(by);
    const { title } = tell(record, denial, sources);
    const permits = layers.filter((opinion) => opinion.bundle === bundle).flatMap(({ permit }) => permit);
    return permits
      .filter((permit) => permit.id === id && permit.lifts.includes(denial))
      .filter((permit) => standingAt(permit, facts.now) === 'holds')
      .map(({ justification, requested_by, approved_by, not_before, expires_at, people = 'unverified' }) => {
        return { denial, title, by, justification, requested_by, approved_by, people, not_before, expires_at };
      });
  });
}

/** Why the decision is this one and no other, whatever else was said. */
export function whyDecided(record: SealedRecord, decision: Decision): string {
  switch (decision.effect) {
    case 'allow':
      return whyAllowed(record);
    case 'pending':
      return 'Nothing denies it. An approval that a rule asks for is not there yet, and until it is, nothing is forwarded.';
    case 'deny':
      return [whyDenied(record, decision), beside(decision)].filter((text) => text !== '').join(' ');
  }
}

function whyAllowed(record: SealedRecord): string {
  const { action, combine: facts, lifted } = record;
  const phase = action === 'method' ? 'request' : phaseOf(action);
  if (facts.bypass !== '') return 'The gateway is paused: what denies only warns, all but integrity and scope.';
  if (action === 'method') return 'The configuration lets this method through; no policy is asked.';
  if (phase === 'list') return 'No rule hides it.';
  const isGranted = phase === 'request' && !lifted.some(({ denial }) => denial.startsWith('gateway.'));
  const granted = isGranted ? 'Server and resource both grant it, and nothing denies it' : 'Nothing denies it';
  if (lifted.length === 0) return phase === 'request' ? `${granted}.` : `${granted}; here no grant is asked for.`;
  const { reasons } = combine(withoutPermits(record));
  return `${granted} any more. Without what was lifted it would be denied: ${reasons.join(', ')}.`;
}

function withoutPermits(record: SealedRecord): SealedRecord {
  return { ...record, layers: record.layers.map((opinion) => ({ ...opinion, permit: [] })) };
}

function whyDenied(record: SealedRecord, decision: Decision): string {
  const [first] = decision.denials;
  if (record.combine.own.length > 0 || record.action === 'method')
    return 'The gateway itself refuses it before any policy is asked. Nothing lifts that.';
  if (decision.reason_internal === 'gateway.out_of_scope')
    return 'It lies beyond what identity lets the agent reach. That alone ends it, and nothing lifts it.';
  if (decision.hidden) return 'A rule hides it. One that hides suffices.';
  if (first === undefined) return '';
  return first.rule === '' ? whyOwn(first.reason) : whyRule(record, first.rule);
}

function whyOwn(reason: string): string {
  const [, kind = '', rest = ''] = reason.split('.');
  const words: Readonly<Record<string, string>> = {
    no_grant: `Server and resource must both grant a call; of layer ${rest} no rule does.`,
    unpolicied_server: 'Server and resource must both grant a call; no policy says what this server may do.',
    counter: 'The policies allow it, but a limit has no room. No permit lifts a limit.',
    approval_denied: 'The policies allow it with an approval, and that was refused.',
    approval_expired: 'The policies allow it with an approval, and nobody gave it in time.',
    obligation_unknown: 'A rule demands what this gateway cannot carry out. Doubt denies, and nothing lifts it.',
  };
  return (
    words[kind] ??
    `A policy of layer ${rest} has not answered. Doubt denies, whatever the others say; nothing lifts it.`
  );
}

function whyRule(record: SealedRecord, rule: string): string {
  const [, id] = partsOf(rule);
  const opinion = opinionOf(record, rule);
  const verdict = opinion?.deny.find((candidate) => candidate.id === id);
  if (opinion?.layer === 'identity')
    return 'Identity is the gate: its denial ends it before any other layer is asked, and nothing lifts it.';
  if (opinion?.layer === 'override')
    return 'A denial of layer override is final: no permit lifts it, no grant outweighs it.';
  const granting = grantingRulesOf(takingPart(record.layers));
  const outweighed =
    granting.length === 0 ? '' : ` ${granting.join(' and ')} ${granting.length === 1 ? 'grants' : 'grant'} it, and`;
  const suffices = `Any denial denies, of whatever layer:${outweighed} ${rule} outweighs that.`;
  const plain = granting.length === 0 ? 'Any denial denies, of whatever layer.' : suffices;
  return `${plain} ${verdict?.liftable === true ? 'No permit that holds names it.' : 'It is of a kind that no permit lifts.'}`;
}

function beside({ denials }: Decision): string {
  const more = denials.length - 1;
  if (more < 1) return '';
  return more === 1 ? 'One more denial stands beside it.' : `${more} more denials stand beside it.`;
}
