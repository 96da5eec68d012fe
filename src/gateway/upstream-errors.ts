import { GatewayError } from '../core/errors.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import { REFUSED_CODE } from '../core/names.ts';
import { RPC, type RpcAnswer, type RpcError } from '../core/rpc.ts';
import { failed } from './asking.ts';
import type { Forwarding, Said } from './dialogue.ts';
import { isInputRequired, type Questions, writeQuestions } from './input-required.ts';
import { offersTo } from './offers.ts';
import { lackingIn } from './questions.ts';
import {
  hearQuestions,
  MAX_ROUNDS,
  missingCapability,
  namesIn,
  type RoundParts,
  shownAll,
  tooManyRounds,
} from './rounds.ts';

/** A server's error as its client may have it: two of them speak of one hop, or of what one era does not know. */
export async function answerFailure(forwarding: Forwarding, error: RpcError, parts: RoundParts): Promise<Said> {
  if (error.code === RPC.missingCapability) return translateMissing(forwarding, error);
  const elicitations = elicitationsIn(error, forwarding.server.id);
  return elicitations === undefined
    ? { kind: 'failure', error }
    : answerUrlElicitation(forwarding, { error, elicitations }, parts);
}

/** The answer to a request in whose course a server may ask nothing, because nobody would decide on it. */
export function withoutQuestions(answer: RpcAnswer, server: string, method: string): RpcAnswer {
  if (answer.kind === 'failure') {
    const { code, message } = answer.error;
    return code === RPC.urlElicitationRequired ? failed(RPC.internalError, message) : answer;
  }
  if (!isInputRequired(answer.result)) return answer;
  throw new GatewayError('UPSTREAM_PROTOCOL', `the server ${server} answered ${method} with input_required`);
}

/** The server speaks of what it was offered; the client is told what it lacks itself, and nothing that was withheld. */
function translateMissing(forwarding: Forwarding, error: RpcError): Said {
  const { caller, server } = forwarding;
  const required = isJsonObject(error.data) ? error.data['requiredCapabilities'] : undefined;
  if (!isJsonObject(required)) return failed(RPC.invalidRequest, error.message, error.data);
  const lacking = lackingIn(caller.capabilities, required);
  if (lacking !== undefined) return missingCapability(lacking, forwarding);
  const withheld = lackingIn(offersTo(server, caller), required);
  if (withheld === undefined) return missingCapability(required, forwarding);
  const message = `The server ${server.id} needs something that the gateway does not allow it: ${namesIn(withheld)}.`;
  return failed(REFUSED_CODE, message);
}

interface UrlElicitation {
  readonly error: RpcError;
  readonly elicitations: Questions;
}

/**
 * A server in a session wants the user to open addresses first (MCP 2025-11-25, client/elicitation). They are decided
 * like any other elicitation. A stateless client, which does not know the error, is asked; when it comes back the request
 * is sent again as it was.
 */
async function answerUrlElicitation(
  forwarding: Forwarding,
  { error, elicitations }: UrlElicitation,
  parts: RoundParts,
): Promise<Said> {
  const { caller, server, resumed } = forwarding;
  const round = (resumed?.round ?? 0) + 1;
  if (round > MAX_ROUNDS) return tooManyRounds(server.id);
  const heard = await hearQuestions(forwarding, elicitations, parts);
  if (heard.kind === 'refused') return heard.said;
  for (const { settle } of Object.values(heard.heard)) settle('ok');
  const questions = shownAll(elicitations, forwarding, parts);
  if (caller.era === 'session') {
    const told = Object.values(questions).map(({ params }) => params);
    return failed(error.code, error.message, { ...(isJsonObject(error.data) ? error.data : {}), elicitations: told });
  }
  const state = {
    kind: 'relayed',
    server: server.id,
    by: 'error',
    state: undefined,
    questions: elicitations,
    round,
  } as const;
  const requestState = parts.states.write(state, forwarding);
  const inputRequests = writeQuestions(questions);
  return { kind: 'result', result: { resultType: 'input_required', inputRequests, requestState } };
}

/** Of error -32042 the addresses to open; undefined where there are none. Throws UPSTREAM_PROTOCOL for what cannot be decided. */
export function elicitationsIn({ code, data }: RpcError, server: string): Questions | undefined {
  const named = code === RPC.urlElicitationRequired && isJsonObject(data) ? data['elicitations'] : undefined;
  if (named === undefined) return undefined;
  if (!Array.isArray(named) || !named.every(isJsonObject)) {
    throw new GatewayError('UPSTREAM_PROTOCOL', `the server ${server} named addresses to open in no known way`);
  }
  return Object.fromEntries(
    named.map((params: JsonObject, index) => {
      return [`url-${index + 1}`, { method: 'elicitation/create', params: { ...params, mode: 'url' } }] as const;
    }),
  );
}
