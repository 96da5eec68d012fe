import { isJsonObject, type JsonObject } from '../core/json.ts';
import { RPC, type RpcError } from '../core/rpc.ts';
import type { ServerQuestion } from '../gateway/port.ts';

/** Whether a client that can do this can be asked anything at all. */
export function isAskable({ sampling, elicitation, roots }: JsonObject): boolean {
  return isJsonObject(sampling) || isJsonObject(elicitation) || isJsonObject(roots);
}

/** Why a question must not be put to a client, which has not declared that it answers such (2025-11-25, Lifecycle). */
export function undeclared({ method, params }: ServerQuestion, capabilities: JsonObject): RpcError | undefined {
  const name = CAPABILITY[method];
  const capability = capabilities[name];
  if (!isJsonObject(capability)) return refusal(RPC.methodNotFound, name);
  if (method === 'elicitation/create') return undeclaredMode(params, capability);
  const wantsTools = method === 'sampling/createMessage' && (params['tools'] ?? params['toolChoice']) !== undefined;
  return wantsTools && !isJsonObject(capability['tools']) ? refusal(RPC.invalidParams, 'sampling.tools') : undefined;
}

const CAPABILITY = {
  'sampling/createMessage': 'sampling',
  'elicitation/create': 'elicitation',
  'roots/list': 'roots',
} as const;

/** A client that names no mode means forms, as before there were modes. */
function undeclaredMode({ mode = 'form' }: JsonObject, capability: JsonObject): RpcError | undefined {
  const isDeclared = mode === 'url' ? isJsonObject(capability['url']) : isForm(capability);
  return isDeclared ? undefined : refusal(RPC.invalidParams, `elicitation.${mode === 'url' ? 'url' : 'form'}`);
}

function isForm(capability: JsonObject): boolean {
  return isJsonObject(capability['form']) || capability['url'] === undefined;
}

function refusal(code: number, capability: string): RpcError {
  return { code, message: `The client does not declare the capability ${capability}.` };
}
