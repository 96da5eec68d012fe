import type { AttachedLabel, Change } from '../core/change.ts';
import type { PolicyInput } from '../core/policy-input.ts';
import type { FoundLabel } from '../policy/labels.ts';
import { agentOf, conversationOf, type Remembered } from './conversation.ts';
import type { Caller } from './port.ts';

/** How long labels stay, and with whom. */
export interface LabelSettings {
  /** Milliseconds, of a label whose rule says nothing. */
  readonly ttlMs: number;
  /** Whether a label stays with the agent and its user, in all of their conversations. */
  readonly isSticky: (label: string) => boolean;
}

/** Where labels are remembered. Rejects where they cannot be read. */
export interface LabelReader {
  (whose: Remembered, now: number): Promise<readonly AttachedLabel[]>;
}

/** What is attached to the caller's conversation, as changes of the row that says so. */
export function attachments(
  found: readonly FoundLabel[],
  caller: Caller,
  { settings, now }: { readonly settings: LabelSettings; readonly now: number },
): readonly Change[] {
  return found.map(({ label, source, ttlS }): Change => {
    const conversation = settings.isSticky(label) ? agentOf(caller) : conversationOf(caller);
    const lastsMs = ttlS === 0 ? settings.ttlMs : ttlS * 1000;
    return { kind: 'attach_label', label: { conversation, label, source, attachedMs: now, expiresMs: now + lastsMs } };
  });
}

/**
 * The labels that hold at a time, as policy reads them: one entry a label, ordered by label. Where several rules have
 * attached it, the latest speaks for all, so that a rule which spares old labels does not spare this one.
 */
export function labelsInForce(attached: readonly AttachedLabel[], now: number): PolicyInput['context']['labels'] {
  if (attached.length === 0) return [];
  const latest = new Map<string, AttachedLabel>();
  for (const one of attached) {
    const before = latest.get(one.label);
    if (one.expiresMs > now && (before === undefined || one.attachedMs > before.attachedMs)) latest.set(one.label, one);
  }
  const labels = [...latest.values()].map(({ label, source, attachedMs }) => ({
    age_seconds: Math.max(0, Math.floor((now - attachedMs) / 1000)),
    label,
    source,
  }));
  return labels.toSorted((left, right) => (left.label < right.label ? -1 : 1));
}
