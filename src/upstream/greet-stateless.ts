import { isJsonObject, type JsonObject } from '../core/json.ts';
import { STATELESS_VERSIONS } from '../core/protocol.ts';
import { broke, brokeWith } from './broken-protocol.ts';
import { statelessDialect } from './dialect.ts';
import { declinedBy, selfDescription, type Greeted, type Greeting } from './greeting.ts';
import { ownOptions } from './request-options.ts';

/** Asks a server of 2026-07-28 (server/discover) what it is. Nothing but a result that names a revision of ours will do. */
export async function greetStateless(greeting: Greeting): Promise<Greeted> {
  const { name, wire, connection, clientInfo, parameterHeaders, timeoutMs } = greeting;
  const protocolVersion = STATELESS_VERSIONS[0];
  const hasHeaders = wire.hasStreams;
  connection.speak(statelessDialect({ protocolVersion, clientInfo, hasHeaders, parameterHeaders }));
  const answer = await connection.request('server/discover', {}, ownOptions(timeoutMs)).catch(declinedBy);
  if (answer.kind === 'failure') return { kind: 'declined', why: brokeWith(answer.error, name, 'server/discover') };
  if (answer.kind !== 'result') return answer;
  const { supportedVersions } = answer.result;
  if (!Array.isArray(supportedVersions) || !supportedVersions.includes(protocolVersion)) {
    const what = 'answers server/discover without a protocol version that the gateway speaks';
    return { kind: 'declined', why: broke(name, what) };
  }
  wire.agree(protocolVersion, 'stateless');
  const self = { ...selfDescription(answer.result), serverInfo: serverInfoOf(answer.result) };
  return { kind: 'greeted', facts: { ...self, protocolVersion, era: 'stateless' } };
}

const SERVER_INFO = 'io.modelcontextprotocol/serverInfo';

/** It stands in `_meta`; drafts of the revision had it beside the capabilities. */
function serverInfoOf({ _meta: meta, serverInfo }: JsonObject): JsonObject {
  const found = isJsonObject(meta) ? (meta[SERVER_INFO] ?? serverInfo) : serverInfo;
  return isJsonObject(found) ? found : {};
}
