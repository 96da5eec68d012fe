import { isJsonObject, type Json } from '../core/json.ts';
import type { Opinion, Verdict } from '../core/opinion.ts';
import type { SealedRecord } from '../core/record.ts';
import { cleanText, fill } from '../policy/author-text.ts';

/** What a rule says of itself in words. */
export interface RuleWords {
  readonly title: string;
  readonly remediation: string;
  readonly owner: string;
  /** What the rule is there for, such as `GDPR-Art-5`; empty where it says nothing. */
  readonly control: string;
  /** Place in the bundle's source: `policy.rego:31`. */
  readonly place: string;
  /** Paths of the input that it can depend on, such as `action.args.amount`. */
  readonly reads: readonly string[];
}

/** Where words come from that a record has only codes for. */
export interface WordSources {
  /** The annotation of a rule as it was when the decision was made: by the digest of its bundle. */
  readonly wordsOf: (digest: string, rule: string) => RuleWords | undefined;
  /** What the gateway says of a reason of its own. */
  readonly ownWords: (reason: string, params: Verdict['params']) => Pick<RuleWords, 'title' | 'remediation'>;
}

/** A rule, or a reason of the gateway, as it is told of; a text is empty where nobody knows it. */
export interface Told {
  /** `<bundle>/<id>`, or a reason that starts with `gateway.`. */
  readonly name: string;
  readonly reason: string;
  readonly title: string;
  readonly remediation: string;
  readonly owner: string;
  readonly control: string;
  readonly place: string;
  /** What stood in the input where the rule looks; masked as the record is. */
  readonly read: readonly ReadFact[];
  /** Whose words these are: much of it was written by others. */
  readonly origin: string;
}

export interface ReadFact {
  readonly path: string;
  /** JSON text, cut where it is long. */
  readonly value: string;
}

/** `name`: the full name of a rule, or a reason of the gateway. */
export function tell(record: SealedRecord, name: string, sources: WordSources): Told {
  return name.startsWith('gateway.') ? tellOwn(record, name, sources) : tellRule(record, name, sources);
}

/** In one line, its code and where it comes from in brackets. */
export function lineOf({ name, reason, title, place, owner, control, origin }: Told): string {
  const code = reason === '' || reason === name ? name : `${name} (${reason})`;
  const facts = [code, place, owner === '' ? '' : `owner ${owner}`, control === '' ? '' : `control ${control}`]
    .filter((text) => text !== '')
    .join(', ');
  if (title === '') return facts;
  return `${title.replace(/\.$/, '')} [${facts}; says ${origin}]`;
}

function tellOwn({ combine }: SealedRecord, reason: string, { ownWords }: WordSources): Told {
  const params = combine.own.find((denial) => denial.reason === reason)?.params ?? waitIn(combine, reason);
  const { title, remediation } = ownWords(reason, params);
  const problems = params['problems'];
  return {
    name: reason,
    reason,
    title: problems === undefined ? title : `${title}: ${problems}`,
    remediation: fill(remediation, params),
    owner: '',
    control: '',
    place: '',
    read: [],
    origin: 'the gateway',
  };
}

function waitIn({ reservations }: SealedRecord['combine'], reason: string): Verdict['params'] {
  const refused = reservations.find(
    ({ counter, status }) => status === 'refused' && reason === `gateway.counter.${counter}`,
  );
  return refused === undefined || refused.resets_at === '' ? {} : { until: refused.resets_at };
}

function tellRule(record: SealedRecord, name: string, { wordsOf }: WordSources): Told {
  const [bundle, id] = partsOf(name);
  const opinion = opinionOf(record, name);
  const verdict = opinion && verdictsOf(opinion).find((candidate) => candidate.id === id);
  const words = opinion && wordsOf(opinion.digest, id);
  const params = verdict?.params ?? {};
  return {
    name,
    reason: verdict?.reason ?? '',
    title: fill(words?.title ?? '', params),
    remediation: fill(words?.remediation ?? '', params),
    owner: words?.owner ?? '',
    control: words?.control ?? '',
    place: words?.place ?? '',
    read: (words?.reads ?? []).flatMap((path) => readFact(record.input, path)),
    origin: originOf(bundle, record),
  };
}

/** A whole part of the input says nothing of the rule, and neither does what every call has. */
const UNTOLD: ReadonlySet<string> = new Set(['', 'action', 'action.type', 'context', 'environment']);
const MAX_VALUE = 100;

function readFact(input: SealedRecord['input'], path: string): readonly ReadFact[] {
  if (UNTOLD.has(path)) return [];
  let value: Json | undefined = input as Json;
  for (const name of path.split('.'))
    value = isJsonObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
  return value === undefined ? [] : [{ path, value: cleanText(JSON.stringify(value), MAX_VALUE) }];
}

/**
 * The opinion that a full name of a rule belongs to: the one that says something of it, because one bundle is asked
 * more than once where somebody stands behind the agent.
 */
export function opinionOf({ layers }: SealedRecord, name: string): Opinion | undefined {
  const [bundle, id] = partsOf(name);
  const opinions = layers.filter((opinion) => opinion.bundle === bundle);
  return opinions.find((opinion) => verdictsOf(opinion).some((verdict) => verdict.id === id)) ?? opinions[0];
}

function verdictsOf({ deny, hide, allow }: Opinion): readonly Verdict[] {
  return [...deny, ...hide, ...allow];
}

/** Of a full name. */
export function partsOf(name: string): readonly [bundle: string, id: string] {
  const slash = name.indexOf('/');
  return [name.slice(0, slash), name.slice(slash + 1)];
}

function originOf(bundle: string, { layers }: SealedRecord): string {
  if (bundle.startsWith('starter-')) return 'the starter policy of the gateway';
  const isAuthors = layers.some((opinion) => opinion.bundle === bundle && opinion.layer === 'server');
  return isAuthors ? `the policy that comes with the server ${bundle}` : `the organisation’s policy ${bundle}`;
}

/** A time in UTC, to the second; what is no time, as it is written. */
export function timeText(time: string): string {
  const ms = Date.parse(time);
  return Number.isNaN(ms) ? time || '-' : `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
