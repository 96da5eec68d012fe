import { isRefusal } from '../core/change.ts';
import type { JsonObject } from '../core/json.ts';
import type { Observation, Observer, Origin, Sending } from '../core/observer.ts';
import type { RpcAnswer } from '../core/rpc.ts';
import { traceContextIn, traceIdOf } from '../core/trace-context.ts';
import type { Forwarded } from './forward.ts';
import type { RecordKeeper } from './governing.ts';
import type { Caller } from './port.ts';

/** What is to be watched of a request. */
export interface Watched {
  readonly method: string;
  readonly caller: Caller;
  readonly origin: Origin | undefined;
  readonly meta: JsonObject;
}

/** Does the work of a request while it is watched. */
export async function observed(
  { method, caller, origin, meta }: Watched,
  observer: Observer,
  work: (observation: Observation) => Promise<RpcAnswer>,
): Promise<RpcAnswer> {
  const observation = observer.begin({ method, caller, origin, context: traceContextIn(meta) });
  let answer: RpcAnswer | undefined;
  try {
    answer = await work(observation);
    return answer;
  } finally {
    observation.end(answer);
  }
}

/** For the record: the trace that a request belongs to, 32 hexadecimal digits; empty where it belongs to none. */
export function traceOf({
  request,
  exchange,
  observation,
}: {
  readonly request: { readonly meta: JsonObject };
  readonly exchange: { readonly origin?: Origin | undefined };
  readonly observation?: Observation | undefined;
}): string {
  const own = observation?.traceId ?? '';
  if (own !== '') return own;
  const { traceparent = exchange.origin?.road.context?.traceparent } = request.meta;
  return typeof traceparent === 'string' ? traceIdOf(traceparent) : '';
}

/** What came of a request is what its span says, too. */
export function endSending(sending: Sending, forwarded: Forwarded): void {
  switch (forwarded.kind) {
    case 'answered':
      return sending.end(forwarded.status, forwarded.answer);
    case 'failed':
      return sending.end(forwarded.status);
    case 'said':
      return sending.end('said');
  }
}

/** The log, with an observer who hears of every decision, whatever it is about. */
export function observedLog(log: RecordKeeper, observer: Observer): RecordKeeper {
  const noting = async <T>(keeping: Promise<T>, done: (kept: T) => void): Promise<T> => {
    const kept = await keeping.catch((thrown: unknown) => {
      observer.notRecorded();
      throw thrown;
    });
    done(kept);
    return kept;
  };
  return {
    append: (record, text) => noting(log.append(record, text), () => observer.recorded(record)),
    commit: (record, text, changes) =>
      noting(log.commit(record, text, changes), (made) => {
        if (!isRefusal(made)) observer.recorded(record);
      }),
    settle: (outcome, changes, costs) => log.settle(outcome, changes, costs),
  };
}
