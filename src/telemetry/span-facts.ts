import type { Attributes } from '@opentelemetry/api';
import { isJsonObject } from '../core/json.ts';
import { MCP_METHODS } from '../core/mcp-methods.ts';
import { isSessionVersion, isStatelessVersion } from '../core/protocol.ts';
import type { Opinion } from '../core/opinion.ts';
import type { DecisionRecord } from '../core/record.ts';
import type { RpcAnswer } from '../core/rpc.ts';
import { OTHER } from './bounded.ts';

/**
 * Codes with which a client is told of its own mistake: no error of the server that says so (OpenTelemetry, semantic
 * conventions for MCP, `model/mcp/common.yaml`).
 */
const NO_FAULT: ReadonlySet<number> = new Set([-32700, -32600, -32601, -32602, -32002]);

/** What went wrong for whoever asked; undefined where nothing did. */
export function errorOf(answer: RpcAnswer | undefined): string | undefined {
  if (answer === undefined) return 'unanswered';
  if (answer.kind === 'failure') return NO_FAULT.has(answer.error.code) ? undefined : String(answer.error.code);
  return answer.result['isError'] === true ? 'tool_error' : undefined;
}

/** As `errorOf` for whoever asked the server: to a client every code is an error. */
export function errorOfServer(answer: RpcAnswer): string | undefined {
  return answer.kind === 'failure' ? String(answer.error.code) : errorOf(answer);
}

export function statusCodeOf(answer: RpcAnswer | undefined): Attributes {
  return answer?.kind === 'failure' ? { 'rpc.response.status_code': String(answer.error.code) } : {};
}

/** The name where it is of the protocol. */
export function methodLabel(method: string): string {
  return MCP_METHODS.has(method) ? method : OTHER;
}

export function versionLabel(version: string): string {
  return isSessionVersion(version) || isStatelessVersion(version) ? version : OTHER;
}

/** The bundle whose rule stands first among those that decided; undefined where no bundle did. */
function decidingOpinion({ matched_rules: [first = ''], layers }: DecisionRecord): Opinion | undefined {
  const end = first.indexOf('/');
  const bundle = end === -1 ? first : first.slice(0, end);
  return bundle === '' ? undefined : layers.find((opinion) => opinion.bundle === bundle);
}

/** Of what is not allowed the layer whose rule decided. */
export function layerLabel(record: DecisionRecord): string {
  const [reason = ''] = record.reasons;
  if (record.effect === 'deny' && reason.startsWith('gateway.')) return 'gateway';
  return record.effect === 'allow' ? 'none' : (decidingOpinion(record)?.layer ?? 'gateway');
}

/** What a span says of a decision: codes and ids, no sentence and nothing of the request. */
export function decisionAttributes(record: DecisionRecord): Attributes {
  const decisive = decidingOpinion(record);
  const [reason] = record.reasons;
  return {
    'mcp_gateway.decision': record.effect,
    'mcp_gateway.decision.id': record.id,
    'mcp_gateway.generation': record.generation,
    ...(reason !== undefined && { 'mcp_gateway.reason.code': reason }),
    'mcp_gateway.layer': decisive?.layer ?? layerLabel(record),
    ...(decisive !== undefined && {
      'mcp_gateway.bundle.id': decisive.bundle,
      'mcp_gateway.bundle.revision': decisive.digest,
    }),
  };
}

/**
 * What one bundle said; one event of the span each. Half of what a trace weighs are these, so what goes without saying is
 * left out: a bundle that was asked, enforces, said nothing and was not answered from the cache. Its revision follows
 * from the generation.
 */
export function opinionAttributes(opinion: Opinion): Attributes {
  const { layer, bundle, status, mode, us, cached, deny, allow } = opinion;
  return {
    'mcp_gateway.layer': layer,
    'mcp_gateway.bundle.id': bundle,
    ...(status !== 'ok' && { 'mcp_gateway.opinion.status': status }),
    ...(mode !== 'enforce' && { 'mcp_gateway.opinion.mode': mode }),
    ...(deny.length > 0 && { 'mcp_gateway.opinion.says': 'deny' }),
    ...(deny.length === 0 && allow.length > 0 && { 'mcp_gateway.opinion.says': 'allow' }),
    'mcp_gateway.opinion.us': us,
    ...(cached && { 'mcp_gateway.opinion.cached': true }),
  };
}

/** Addresses are as long as a message may be, and spans wait in memory. */
const LONGEST_URI = 2_048;

/** What a request is for, under the server's own names and as the record has it: what is masked there is masked here. */
export function targetAttributes({ server, tool, action, input }: DecisionRecord): Attributes {
  const facts = isJsonObject(input['action']) ? input['action'] : {};
  const { prompt, resource } = facts;
  return {
    ...(server !== '' && { 'mcp_gateway.server': server }),
    ...(tool !== '' && server !== '' && { 'gen_ai.tool.name': tool }),
    ...(action === 'tool_call' && { 'gen_ai.operation.name': 'execute_tool' }),
    ...(typeof prompt === 'string' && prompt !== '' && { 'gen_ai.prompt.name': prompt }),
    ...(typeof resource === 'string' && resource !== '' && { 'mcp.resource.uri': resource.slice(0, LONGEST_URI) }),
  };
}

/** The tool or prompt that is asked for, under the server's own name; empty where it is neither. */
export function targetName({ tool, input }: DecisionRecord): string {
  if (tool !== '') return tool;
  const facts = isJsonObject(input['action']) ? input['action'] : {};
  return typeof facts['prompt'] === 'string' ? facts['prompt'] : '';
}

/** `tools/call payments.create_refund`; the method alone where what is asked for is none of a server. */
export function spanName(method: string, record: DecisionRecord): string {
  const { server } = record;
  if (server === '') return methodLabel(method);
  const target = targetName(record);
  return target === '' ? `${method} ${server}` : `${method} ${server}.${target}`;
}
