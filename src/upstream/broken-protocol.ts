import { GatewayError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import type { RpcAnswer, RpcError } from '../core/rpc.ts';
import { plainText } from './plain-text.ts';

/** What a server did that it should not, as a sentence without its subject. */
export function broke(name: string, what: string): GatewayError {
  return new GatewayError('UPSTREAM_PROTOCOL', `"${name}" ${what}.`);
}

/** An error where nothing but a result will do. */
export function brokeWith({ code, message }: RpcError, name: string, method: string): GatewayError {
  return broke(name, `answers ${method} with an error: ${code} ${plainText(message, 300)}`);
}

export function resultOf(answer: RpcAnswer, name: string, method: string): JsonObject {
  if (answer.kind === 'result') return answer.result;
  throw brokeWith(answer.error, name, method);
}
