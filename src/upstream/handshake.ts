import { GatewayError } from '../core/errors.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import { RPC, type RpcAnswer, type RpcError } from '../core/rpc.ts';
import type { Connection, RequestOptions } from './connection.ts';
import { plainText } from './plain-text.ts';
import type { Wire } from './wire.ts';

/** What a server says of itself when it is greeted (MCP 2025-11-25, basic/lifecycle). */
export interface ServerFacts {
  readonly protocolVersion: string;
  readonly serverInfo: JsonObject;
  readonly instructions: string;
  readonly capabilities: JsonObject;
}

export interface Greeting {
  /** How messages name the server. */
  readonly name: string;
  /** Version of the gateway. */
  readonly version: string;
  readonly timeoutMs: number;
}

const NEWEST = '2025-11-25';
const SPOKEN: ReadonlySet<string> = new Set([NEWEST, '2025-06-18', '2025-03-26', '2024-11-05', '2024-10-07']);
/** A server that pages on for ever is stopped here. */
const MOST_PAGES = 100;
const MOST_TOOLS = 10_000;

/** Greets the server and tells the wire which revision was agreed on. No capability is offered to servers. */
export async function greet(connection: Connection, wire: Wire, greeting: Greeting): Promise<ServerFacts> {
  const { name, version, timeoutMs } = greeting;
  const params = { protocolVersion: NEWEST, capabilities: {}, clientInfo: { name: 'mcp-gateway', version } };
  const answer = await connection.request('initialize', params, { timeoutMs });
  const facts = factsOf(resultOf(answer, name, 'initialize'), name);
  wire.agree(facts.protocolVersion);
  await connection.notify('notifications/initialized', {});
  wire.listen();
  return facts;
}

/** All tools of the server, page after page, as it defines them. A server without tools has none. */
export async function readTools(
  connection: Connection,
  name: string,
  options: RequestOptions,
): Promise<readonly JsonObject[]> {
  const tools: JsonObject[] = [];
  const seen = new Set<string>();
  let params: JsonObject = {};
  for (let page = 0; page < MOST_PAGES; page++) {
    const answer = await connection.request('tools/list', params, options);
    if (answer.kind === 'failure' && answer.error.code === RPC.methodNotFound) return tools;
    const result = resultOf(answer, name, 'tools/list');
    tools.push(...toolsOf(result, name));
    if (tools.length > MOST_TOOLS) throw broke(name, `lists more than ${MOST_TOOLS} tools`);
    const cursor = result['nextCursor'];
    if (typeof cursor !== 'string') return tools;
    if (seen.has(cursor)) throw broke(name, 'gives the same page of tools again and again');
    seen.add(cursor);
    params = { cursor };
  }
  throw broke(name, `lists its tools on more than ${MOST_PAGES} pages`);
}

function factsOf(result: JsonObject, name: string): ServerFacts {
  const { protocolVersion, serverInfo, instructions, capabilities } = result;
  if (typeof protocolVersion !== 'string' || !SPOKEN.has(protocolVersion)) {
    throw broke(name, 'answers initialize with a protocol version that the gateway does not speak');
  }
  return {
    protocolVersion,
    serverInfo: isJsonObject(serverInfo) ? serverInfo : {},
    instructions: typeof instructions === 'string' ? instructions : '',
    capabilities: isJsonObject(capabilities) ? capabilities : {},
  };
}

function toolsOf(result: JsonObject, name: string): readonly JsonObject[] {
  const tools = result['tools'];
  if (!Array.isArray(tools) || !tools.every(isJsonObject))
    throw broke(name, 'answers tools/list without a list of tools');
  return tools;
}

function resultOf(answer: RpcAnswer, name: string, method: string): JsonObject {
  if (answer.kind === 'result') return answer.result;
  throw broke(name, `answers ${method} with an error: ${wordsOf(answer.error)}`);
}

function wordsOf(error: RpcError): string {
  return `${error.code} ${plainText(error.message, 300)}`;
}

function broke(name: string, what: string): GatewayError {
  return new GatewayError('UPSTREAM_PROTOCOL', `"${name}" ${what}.`);
}
