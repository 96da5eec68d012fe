import type { JsonObject } from '../core/json.ts';
import type { RpcAnswer } from '../core/rpc.ts';
import { withTraceContext } from '../core/trace-context.ts';
import type { Advice, DecisionObject } from './advice.ts';
import type { Said } from './dialogue.ts';
import type { Directory } from './directory.ts';
import { invalidError, notFoundError, refusedError } from './error-answer.ts';
import type { Allowed } from './govern.ts';
import type { JudgedCall } from './judge-answer.ts';
import type { Instances } from './instances.ts';
import { type ResolveParts, saysUnknown } from './resolve.ts';
import { type Expose, exposeUris } from './result-uris.ts';
import type { Route } from './route.ts';
import type { Request, StepParts } from './steps.ts';
import { withDecision } from './tool-answer.ts';

/** What the ways of all methods stand on. */
export interface WayParts extends StepParts, ResolveParts {
  readonly directory: Directory;
  readonly instances: Instances;
}

/** What finds nothing at first may be of a server that is still being read. */
export async function findOrWait<T>(find: () => T | undefined, settled: () => Promise<void>): Promise<T | undefined> {
  const found = find();
  if (found !== undefined) return found;
  await settled();
  return find();
}

interface Sending {
  readonly params: JsonObject;
  readonly dialogue: StepParts['dialogue'];
  readonly judged?: JudgedCall;
}

/** Sends a request that a server may answer with questions. `params` are under the server's own names. */
export function converse<R extends Request, T extends Route>(
  { asked, target, ruling, resumed, again, trace }: Allowed<R, T>,
  method: string,
  { params, dialogue, judged }: Sending,
): Promise<Said> {
  const { caller, exchange } = asked;
  const { server } = target.route;
  return dialogue.forward({
    ruling,
    caller,
    exchange,
    server,
    method,
    params: withTraceContext(params, trace),
    judged,
    binding: target.args.hash,
    resumed,
    again,
  });
}

/** Params that go on as they came: what only the configuration knows, and `_meta`. */
export function passedOn({
  extra,
  meta,
}: {
  readonly extra?: JsonObject | undefined;
  readonly meta: JsonObject;
}): JsonObject {
  const passed = extra ?? NOTHING;
  return Object.keys(meta).length === 0 ? passed : { ...passed, _meta: meta };
}

const NOTHING: JsonObject = {};

export interface NotFound {
  readonly code: number;
  readonly message: string;
  readonly data: JsonObject;
}

/** Says no by an error of JSON-RPC; of what is not there with the words that the protocol has for that. */
export function refuseByError(advice: Advice, notFound: NotFound): RpcAnswer {
  const [reason = ''] = advice.object.reasons;
  if (saysUnknown(reason)) return notFoundError(notFound, advice);
  return reason === 'gateway.invalid_arguments' ? invalidError(advice) : refusedError(advice);
}

/** An answer that came, with the decision beside its result and its URIs as clients know them. */
export function withDecisionAndUris(answer: RpcAnswer, object: DecisionObject, expose: Expose): RpcAnswer {
  if (answer.kind === 'failure') return answer;
  return { kind: 'result', result: withDecision(exposeUris(answer.result, expose), object) };
}
