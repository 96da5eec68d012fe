import type { ReplayClass } from './replay-classes.ts';
import type { ReplayPlace } from './replay-groups.ts';
import type { ReplayReport } from './replay-report.ts';
import { timeText } from './record-words.ts';

export const CLASS_WORDS: Readonly<Record<ReplayClass, string>> = {
  same: 'the same',
  allow_to_deny: 'allowed → denied',
  deny_to_allow: 'denied → allowed',
  to_pending: '→ waits for an approval',
  from_pending: 'waits for an approval →',
  obligations_only: 'other obligations only',
  reasons_only: 'other reasons only',
  new_error: 'a bundle fails',
  not_replayable: 'cannot be replayed',
};

/** `, from … to …`; empty where nothing was replayed. */
export function rangeText({ from, until }: Pick<ReplayReport, 'from' | 'until'>): string {
  return from === '' ? '' : `, made from ${timeText(from)} to ${timeText(until)}`;
}

/** How far the recorded decisions came out as they stand on record. */
export function recordedText({ replayed, recorded }: ReplayReport): string {
  const { reproduced, recombined } = recorded;
  const only = recombined.map(({ why, count }) => `${count} because ${why}`).join(', ');
  const all = reproduced === replayed ? 'All' : `Of ${replayed}, ${reproduced}`;
  const told = `${all} came out as recorded`;
  return only === ''
    ? `${told}, bit for bit.`
    : `${told}; of some only what their bundles had said could be combined again: ${only}.`;
}

export function placeText({ agent, server, tool, count }: ReplayPlace): string {
  const what = [server, tool].filter((part) => part !== '').join('.');
  return `${what} by ${agent === '' ? '(unnamed)' : agent} (${count})`;
}
