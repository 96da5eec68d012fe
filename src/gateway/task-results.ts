import { isJsonObject, type JsonObject } from '../core/json.ts';
import type { RpcAnswer, RpcError } from '../core/rpc.ts';
import { auditMaterial } from './carry-out.ts';
import type { Governing } from './governing.ts';
import { stateAlone } from './interim.ts';
import { judgeAnswer, type Judged, type JudgedCall } from './judge-answer.ts';
import type { Caller } from './port.ts';
import { relatedTaskIn, withRelatedTask } from './task-ids.ts';
import type { KnownTask } from './task-registry.ts';
import { refusal, withDecision } from './tool-answer.ts';

/** Who reads the result of a task: its conversation is labelled, which may be another than the one that made the call. */
export interface Reading {
  readonly task: KnownTask;
  readonly caller: Caller;
}

/** The answer to `tasks/result`, which is that of the call, decided on as the answer of any call. */
export async function judgeResult(answer: RpcAnswer, reading: Reading, governing: Governing): Promise<RpcAnswer> {
  const call = readBy(reading);
  if (call === undefined) return answer;
  return shown(answer, await judge(answer, call, governing), call);
}

/** What is told of a task; where it has ended, its result or error stands in there. */
export async function judgeTold(told: JsonObject, reading: Reading, governing: Governing): Promise<JsonObject> {
  const call = readBy(reading);
  const { result, error } = told;
  const answer = answerIn(result, error);
  if (call === undefined) return told;
  // What stands there and cannot be read as an answer cannot be decided on either.
  if (answer === undefined) return stateAlone(told);
  const judged = await judge(answer, call, governing);
  const said = shown(answer, judged, call);
  const { result: _before, error: _failed, statusMessage, ...rest } = told;
  // Words about how it ended may say what is kept back.
  const isSaid = statusMessage !== undefined && isWhole(answer, judged);
  const state = isSaid ? { ...rest, statusMessage } : rest;
  if (said.kind === 'failure') return { ...state, error: { ...said.error } };
  // A task that is said to have failed has an error and no result; what is told instead of the error is a result.
  return { ...state, ...(error === undefined ? {} : { status: 'completed' }), result: said.result };
}

function readBy({ task: { judged: call }, caller }: Reading): JudgedCall | undefined {
  return call && { ...call, caller };
}

function answerIn(result: unknown, error: unknown): RpcAnswer | undefined {
  if (isJsonObject(result)) return { kind: 'result', result };
  if (!isJsonObject(error)) return undefined;
  const { code, message, data } = error;
  if (typeof code !== 'number' || typeof message !== 'string') return undefined;
  const failure: RpcError = { code, message, ...(data === undefined ? {} : { data }) };
  return { kind: 'failure', error: failure };
}

async function judge(answer: RpcAnswer, call: JudgedCall, governing: Governing): Promise<Judged> {
  const { audit_required: isAudited } = call.obligations;
  const judged = await judgeAnswer(answer, { ...call, isRecorded: isAudited }, governing);
  const { object, withheld, warnings } = judged;
  if (object === undefined || !(isAudited || judged.isAudited)) return judged;
  const id = object.metadata.decision_id;
  const judgement = { withheld, warnings, audited: answer };
  const kept = { kind: 'answered', status: 'ok', ms: 0, answer: judged.answer, judged: judgement } as const;
  const material = auditMaterial(kept, id, governing.court);
  if (material !== undefined) {
    const outcome = { id, status: 'ok', withheld: withheld !== undefined, ms: 0, record_us: 0, settled: [] } as const;
    governing.log.settle({ ...outcome, audit_hash: material.hash }, [{ kind: 'keep_audit', material }]);
  }
  return judged;
}

/** Whether nothing was kept back. What was not redacted is the very same; our own keys stand in `_meta` alone. */
function isWhole(answer: RpcAnswer, { answer: judged, withheld }: Judged): boolean {
  if (withheld !== undefined) return false;
  if (answer.kind === 'failure' || judged.kind === 'failure') return judged === answer;
  const { _meta: _, ...members } = answer.result;
  return Object.entries(members).every(([name, member]) => judged.result[name] === member);
}

function shown(answer: RpcAnswer, { answer: judged, withheld, object }: Judged, call: JudgedCall): RpcAnswer {
  if (withheld !== undefined) {
    const refused = refusal(withheld, call.outputSchema !== undefined);
    const related = answer.kind === 'result' ? relatedTaskIn(answer.result) : undefined;
    if (refused.kind === 'failure' || related === undefined) return refused;
    return { kind: 'result', result: withRelatedTask(refused.result, related) };
  }
  if (judged.kind === 'failure' || object === undefined) return judged;
  return { kind: 'result', result: withDecision(judged.result, object) };
}
