import { messageOf } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import { writeJson } from '../core/lossless-json.ts';
import type { AuditMaterial } from '../core/change.ts';
import type { RpcAnswer } from '../core/rpc.ts';
import { abortSignalOf } from '../core/stop.ts';
import { enforcedObligations } from '../policy/combine-obligations.ts';
import { fullName, takingPart } from '../policy/combine-opinions.ts';
import { type Advice, adviseWithheld, type AdviceFacts } from './advice.ts';
import type { Deadline, Forwarded } from './forward.ts';
import type { Allowed } from './govern.ts';
import type { Governing } from './governing.ts';
import { deniedBecause, type JudgedCall, judgeAnswer, redactAnswer } from './judge-answer.ts';
import type { Exchange } from './port.ts';
import type { Court, Ruling } from './rule.ts';

/** The time that policy gives a request; undefined where it gives none. */
export function deadlineOf({ decision, record }: Ruling): Deadline | undefined {
  const { deadline_ms: ms } = decision.obligations;
  if (ms === 0) return undefined;
  const rules = enforcedObligations(takingPart(record.layers)).flatMap(({ opinion, element }) =>
    element.type === 'deadline' && element.ms === ms ? [fullName(opinion, element)] : [],
  );
  return { ms, rules };
}

/** The same request, which also ends when its time has expired. */
export function endingAt<R, T>(allowed: Allowed<R, T>, expired: AbortSignal): Allowed<R, T> {
  const { asked } = allowed;
  const { origin, dropped, onProgress, logLevel, notify, ask, signal } = asked.exchange;
  const ending = AbortSignal.any([abortSignalOf(signal), expired]);
  const exchange: Exchange = { origin, signal: ending, dropped, onProgress, logLevel, notify, ask };
  return { ...allowed, asked: { ...asked, exchange } };
}

export interface Judging {
  readonly ruling: Ruling;
  /** Present where the answer is the result of a tool. */
  readonly call: JudgedCall | undefined;
  readonly facts: () => AdviceFacts;
  readonly governing: Governing;
}

/** What came back as its client may have it. What the gateway itself has said is not decided on. */
export async function judgeForwarded(forwarded: Forwarded, judging: Judging): Promise<Forwarded> {
  if (forwarded.kind !== 'answered') return forwarded;
  const { ruling, call, governing } = judging;
  const { answer: received } = forwarded;
  const { audit_required: isAudited } = ruling.decision.obligations;
  const audited = isAudited ? received : undefined;
  if (call !== undefined) {
    const judged = await judgeAnswer(received, call, governing);
    const { answer, withheld, warnings } = judged;
    const kept = judged.isAudited ? received : audited;
    return { ...forwarded, answer, judged: { withheld, warnings, audited: kept } };
  }
  const { answer, reason } = await redactedOr(received, ruling.decision.obligations.redact.result, governing);
  const withheld = answer === undefined ? withheldFor(reason, judging.facts()) : undefined;
  return { ...forwarded, answer: answer ?? received, judged: { withheld, warnings: [], audited } };
}

interface Redacted {
  /** Undefined where nothing may be passed on. */
  readonly answer: RpcAnswer | undefined;
  readonly reason: string;
}

/** The request has run, so what cannot be redacted is withheld and no error. */
async function redactedOr(received: RpcAnswer, pointers: readonly string[], { logger }: Governing): Promise<Redacted> {
  try {
    return { answer: await redactAnswer(received, pointers, { fits: always }), reason: 'gateway.result_redacted' };
  } catch (thrown) {
    logger.error('an answer could not be redacted, so it is withheld', { problem: messageOf(thrown) });
    return { answer: undefined, reason: 'gateway.error.result' };
  }
}

/** What the audit keeps of an answer: all of it where it is sealed, else what its client got, less secrets. */
export function auditMaterial(forwarded: Forwarded, id: string, court: () => Court): AuditMaterial | undefined {
  if (forwarded.kind !== 'answered' || forwarded.judged?.audited === undefined) return undefined;
  const { answer, judged } = forwarded;
  const { audit } = court();
  const { audited, withheld } = judged;
  return audit?.keep(
    { id, part: 'result' },
    {
      whole: () => writeJson(asJson(audited)),
      masked: () => writeJson(withheld === undefined ? audit.maskSecrets(asJson(answer)) : { withheld: true }),
    },
  );
}

function asJson(answer: RpcAnswer | undefined): JsonObject {
  if (answer === undefined) return {};
  if (answer.kind === 'result') return { result: answer.result };
  const { code, message, data } = answer.error;
  return { error: { code, message, ...(data === undefined ? {} : { data }) } };
}

const always = (): Promise<boolean> => Promise.resolve(true);

function withheldFor(reason: string, facts: AdviceFacts): Advice {
  return adviseWithheld({ ...facts, decision: deniedBecause(reason) });
}
