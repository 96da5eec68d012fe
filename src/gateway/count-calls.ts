import { messageOf } from '../core/errors.ts';
import type { Forwarded } from './forward.ts';
import type { Asked } from './govern.ts';
import type { Governing } from './governing.ts';
import { saysUnknown, type Target } from './resolve.ts';
import { textSizeOf } from './result-size.ts';
import type { Ruling } from './rule.ts';

interface Refusing {
  readonly ruling: Ruling;
  readonly governing: Governing;
}

/** What is not there for the agent is refused with the same words every time, whether it is there or not. */
export function isDeniedAgain(
  { caller }: Asked<unknown>,
  target: Target<unknown>,
  { ruling, governing }: Refusing,
): boolean {
  const { effect, reasons } = ruling.decision;
  if (effect !== 'deny' || target.kind === 'unknown' || reasons.some(saysUnknown)) return false;
  return governing.conversations.isDeniedAgain(caller, { hash: target.args.hash, reasons });
}

/** Nobody waits for it: what is counted late is read a little too low, and no more. */
export function countDenial({ caller }: Asked<unknown>, { conversations, logger }: Governing): void {
  conversations.noteDenied(caller).catch((thrown: unknown) => {
    logger.warn('a denied call could not be counted', { problem: messageOf(thrown) });
  });
}

/** Results count as tokens of their conversation. */
export function countResult(
  { caller }: Asked<unknown>,
  forwarded: Forwarded,
  { conversations, logger }: Governing,
): void {
  if (forwarded.kind !== 'answered' || forwarded.answer.kind === 'failure') return;
  conversations.noteResult(caller, textSizeOf(forwarded.answer.result)).catch((thrown: unknown) => {
    logger.warn('a result could not be counted', { problem: messageOf(thrown) });
  });
}
