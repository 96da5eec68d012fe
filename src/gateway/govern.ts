import type { Observation } from '../core/observer.ts';
import { RPC, type RpcAnswer } from '../core/rpc.ts';
import type { TraceContext } from '../core/trace-context.ts';
import type { Resumed } from './dialogue.ts';
import type { Forwarded } from './forward.ts';
import type { Confirmed } from './confirmations.ts';
import type { Caller, Exchange } from './port.ts';
import type { Recalled } from './recall.ts';
import type { Target } from './resolve.ts';
import type { Ruling } from './rule.ts';

/** One request as the door hands it over. */
export interface Asked<R> {
  readonly request: R;
  readonly caller: Caller;
  readonly exchange: Exchange;
  /** Present where somebody watches. */
  readonly observation?: Observation | undefined;
}

/** A request whose `allow` is committed. */
export interface Allowed<R, T> {
  readonly asked: Asked<R>;
  readonly target: Extract<Target<T>, { kind: 'found' }>;
  readonly ruling: Ruling;
  readonly resumed: Resumed | undefined;
  /** Takes the same request its whole way once more, from where it stopped. */
  readonly again: (resumed: Resumed) => Promise<RpcAnswer>;
  /** The trace that its server shall go on with; absent where it is that of the client. */
  readonly trace?: TraceContext | undefined;
}

/**
 * Where a request begins: anew, with what its user says of it, where an earlier one has stopped, or nowhere, because its
 * state is none of ours.
 */
export type Opened =
  | { readonly kind: 'anew' }
  | { readonly kind: 'confirmed'; readonly confirmed: Confirmed }
  | { readonly kind: 'resumed'; readonly resumed: Resumed }
  | { readonly kind: 'stale' };

export interface Recorded {
  /** The one that is on record: a limit that is used up makes a denial of an allow. */
  readonly ruling: Ruling;
  /** Microseconds that the commit took. */
  readonly recordUs: number;
}

/** How far a request has come that is decided anew. */
export interface Progress {
  /** Where it goes on with answers to what its server asked. */
  readonly resumed: Resumed | undefined;
  /** Ids of approvals that it has waited for. */
  readonly waitedFor: readonly string[];
  /** Until when it may be held, in milliseconds on the monotonic clock; undefined while it was not. */
  readonly heldUntilMs: number | undefined;
}

/** What is known of a request when it is decided. */
export interface Standing<R, T> {
  readonly asked: Asked<R>;
  readonly target: Target<T>;
  readonly progress: Progress;
}

/** What came of a call that waits for approval. */
export type Sought =
  /** Somebody has answered, so it is decided anew. */
  | { readonly kind: 'answered'; readonly progress: Progress }
  /** The client is to ask its user, and comes back. */
  | { readonly kind: 'asks'; readonly answer: RpcAnswer }
  | { readonly kind: 'waits' };

/** The steps of a request. `steps.ts` fills them with the real parts, a test with an object literal. */
export interface Steps<R, T> {
  resolve(asked: Asked<R>): Promise<Target<T>>;
  open(asked: Asked<R>, target: Target<T>): Opened;
  /** Reads what earlier requests have left behind. */
  recall(standing: Standing<R, T>): Promise<Recalled>;
  decide(asked: Asked<R>, target: Target<T>, recalled: Recalled): Ruling;
  /** The user has said whether the call may run. */
  confirm(asked: Asked<R>, confirmed: Confirmed): Promise<void>;
  /** Resolves when the record is committed; rejects when it could not be. */
  record(ruling: Ruling, standing: Standing<R, T>): Promise<Recorded>;
  /** Asks the user, where the user is who may approve and the client can ask. */
  seekApproval(ruling: Ruling, standing: Standing<R, T>): Promise<Sought>;
  forward(allowed: Allowed<R, T>): Promise<Forwarded>;
  /** Decides on what came back, and takes out of it what policy wants out. Never rejects. */
  judge(allowed: Allowed<R, T>, forwarded: Forwarded): Promise<Forwarded>;
  settle(ruling: Ruling, forwarded: Forwarded, recordUs: number): void;
  answer(allowed: Allowed<R, T>, forwarded: Forwarded): RpcAnswer;
  refuse(asked: Asked<R>, ruling: Ruling, target: Target<T>): RpcAnswer;
  refuseUnrecorded(
    asked: Asked<R>,
    ruling: Ruling,
    why: { readonly target: Target<T>; readonly cause: unknown },
  ): RpcAnswer;
}

/**
 * The way of one request, whatever it asks for: resolve, recall, decide, record, forward, judge, settle, answer.
 *
 * The record is committed first and awaited: a request that cannot be recorded goes nowhere. One that goes on from where
 * it stopped, with answers to what its server asked or once somebody has approved it, takes the whole way: it is decided
 * and recorded anew.
 */
export function govern<R, T>(asked: Asked<R>, steps: Steps<R, T>): Promise<RpcAnswer> {
  return pass(asked, steps, BEGINS);
}

const BEGINS: Progress = { resumed: undefined, waitedFor: [], heldUntilMs: undefined };

async function pass<R, T>(asked: Asked<R>, steps: Steps<R, T>, from: Progress): Promise<RpcAnswer> {
  const target = await steps.resolve(asked);
  const opened: Opened =
    from.resumed === undefined ? steps.open(asked, target) : { kind: 'resumed', resumed: from.resumed };
  if (opened.kind === 'stale') return STALE;
  if (opened.kind === 'confirmed') await steps.confirm(asked, opened.confirmed);
  const progress = progressOf(from, opened);
  const decided = steps.decide(asked, target, await steps.recall({ asked, target, progress }));

  let recorded: Recorded;
  try {
    recorded = await steps.record(decided, { asked, target, progress });
  } catch (cause) {
    return steps.refuseUnrecorded(asked, decided, { target, cause });
  }
  const { ruling, recordUs } = recorded;
  if (ruling.decision.effect === 'pending') {
    const sought = await steps.seekApproval(ruling, { asked, target, progress });
    if (sought.kind === 'answered') return pass(asked, steps, sought.progress);
    if (sought.kind === 'asks') return sought.answer;
  }
  if (ruling.decision.effect !== 'allow' || target.kind !== 'found') return steps.refuse(asked, ruling, target);

  const { resumed } = progress;
  const again = (next: Resumed): Promise<RpcAnswer> => pass(asked, steps, { ...BEGINS, resumed: next });
  const allowed: Allowed<R, T> = { asked, target, ruling, resumed, again };
  const forwarded = await steps.judge(allowed, await steps.forward(allowed));
  steps.settle(ruling, forwarded, recordUs);
  return steps.answer(allowed, forwarded);
}

function progressOf(from: Progress, opened: Opened): Progress {
  if (opened.kind === 'resumed') return { ...from, resumed: opened.resumed };
  return opened.kind === 'confirmed' ? { ...from, waitedFor: [...from.waitedFor, opened.confirmed.ref.id] } : from;
}

const STALE: RpcAnswer = {
  kind: 'failure',
  error: {
    code: RPC.invalidParams,
    message: 'The requestState was not given for this request, or is too old. Send the request again without it.',
  },
};
