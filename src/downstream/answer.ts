import { GatewayError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import { writeJson } from '../core/lossless-json.ts';
import { REFUSED_CODE } from '../core/names.ts';
import { RPC, type RpcAnswer, type RpcError, type RpcId } from '../core/rpc.ts';

/** The text of an answer. Under id null stands a refusal of a message whose id could not be read. */
export function answerText(id: RpcId | null, answer: RpcAnswer): string {
  return answer.kind === 'result'
    ? writeJson({ jsonrpc: '2.0', id, result: answer.result })
    : writeJson({ jsonrpc: '2.0', id, error: { ...answer.error } });
}

export function notificationText(method: string, params?: JsonObject): string {
  return params === undefined ? writeJson({ jsonrpc: '2.0', method }) : writeJson({ jsonrpc: '2.0', method, params });
}

export function requestText(id: RpcId, method: string, params: JsonObject): string {
  return writeJson({ jsonrpc: '2.0', id, method, params });
}

export function resultOf(result: JsonObject): RpcAnswer {
  return { kind: 'result', result };
}

export function failureOf(error: RpcError): RpcAnswer {
  return { kind: 'failure', error };
}

export function invalidRequest(message: string): RpcAnswer {
  return failureOf({ code: RPC.invalidRequest, message });
}

export function invalidParams(message: string): RpcAnswer {
  return failureOf({ code: RPC.invalidParams, message });
}

export function tooMany(message: string): RpcAnswer {
  return failureOf({ code: REFUSED_CODE, message });
}

export function tooLarge(byteLength: number, maxBytes: number): RpcAnswer {
  const message = `The message has ${String(byteLength)} bytes; this gateway takes at most ${String(maxBytes)}.`;
  return invalidRequest(message);
}

export function unsupportedVersion(requested: string, supported: readonly string[]): RpcAnswer {
  const message = `The protocol version ${JSON.stringify(requested)} is not spoken here.`;
  return failureOf({ code: RPC.unsupportedVersion, message, data: { supported, requested } });
}

export function headerMismatch(message: string): RpcAnswer {
  return failureOf({ code: RPC.headerMismatch, message });
}

/** What a thrown thing looks like on the wire. Of a bug the client learns only that there is one. */
export function failureOfThrown(thrown: unknown): RpcAnswer {
  const code = RPC.internalError;
  if (!(thrown instanceof GatewayError)) return failureOf({ code, message: 'The gateway failed on this request.' });
  return failureOf({ code, message: thrown.mend === undefined ? thrown.message : `${thrown.message} ${thrown.mend}` });
}
