import type { SealedRecord } from '../core/record.ts';
import { timeText } from './record-words.ts';
import { type Change, type Way, waysToAllow } from './ways-to-allow.ts';

export interface ExplainedWays {
  /** Each line alone would have made it an allow; what it names, all together. */
  readonly ways: readonly string[];
  /** Why there is none, or what is not known of them; empty where nothing is to be said. */
  readonly note: string;
}

/** What would have allowed it, as far as the record's own facts show. */
export function explainWays(record: SealedRecord): ExplainedWays {
  const found = waysToAllow(record);
  if (found === 'too_many') return { ways: [], note: 'So much stands against it that it was not tried out.' };
  const ways = found.map((way) => wayText(way, record));
  return { ways, note: noteFor(record, ways) };
}

function wayText(way: Way, record: SealedRecord): string {
  const permits = way.flatMap((change) => (change.kind === 'permit' ? [change.lifts] : []));
  const others = way.filter(({ kind }) => kind !== 'permit').map((change) => changeText(change, record));
  const lifting = permits.length === 0 ? [] : [`a permit of two people that lifts ${permits.join(' and ')}`];
  return [...others, ...lifting].join(', and ');
}

function changeText(change: Change, { server, tool }: SealedRecord): string {
  switch (change.kind) {
    case 'rule_silent':
      return `a call to which ${change.rule} does not apply`;
    case 'grant':
      return `a rule of layer ${change.layer} that grants it`;
    case 'reach':
      return `identity that lets the agent reach ${change.kinds.includes('tool') ? `${server}/${tool}` : server}`;
    case 'answer':
      return change.bundle === ''
        ? `a bundle of layer ${change.layer} that ${consents(change.layer)}`
        : `an answer of ${change.bundle} that ${consents(change.layer)}`;
    case 'approval':
      return `the approval by ${change.by}`;
    case 'room':
      return `room in ${change.counter}${change.resets_at === '' ? '' : `, from ${timeText(change.resets_at)}`}`;
    case 'permit':
      return `a permit that lifts ${change.lifts}`;
  }
}

function consents(layer: string): string {
  return layer === 'server' || layer === 'resource' ? 'grants it' : 'does not object';
}

function noteFor({ effect, action, combine, layers, obligations }: SealedRecord, ways: readonly string[]): string {
  if (effect === 'allow') return '';
  if (ways.length > 0) {
    const isLimited = obligations.rate_limits.length + obligations.counters.length > 0;
    return isLimited && combine.reservations.length === 0 ? 'Whether its limits had room was not looked at.' : '';
  }
  if (action === 'method' || combine.own.length > 0)
    return 'No policy was asked; what the layers would say is not known.';
  if (layers.some(({ status }) => status === 'skipped'))
    return 'The layers behind identity were not asked; what they would say is not known.';
  return 'Nothing that this record tells of.';
}
