import { isJsonObject } from '../core/json.ts';
import { isSessionVersion, SESSION_VERSIONS } from '../core/protocol.ts';
import { broke, brokeWith } from './broken-protocol.ts';
import { SESSION_DIALECT } from './dialect.ts';
import { declinedBy, selfDescription, type Greeted, type Greeting } from './greeting.ts';
import { ownOptions } from './request-options.ts';

/** The handshake up to 2025-11-25 (basic/lifecycle): `initialize`, the answer's revision, `initialized`. */
export async function greetSession(greeting: Greeting): Promise<Greeted> {
  const { name, wire, connection, offers, clientInfo, timeoutMs } = greeting;
  connection.speak(SESSION_DIALECT);
  const params = { protocolVersion: SESSION_VERSIONS[0], capabilities: offers, clientInfo };
  const answer = await connection.request('initialize', params, ownOptions(timeoutMs)).catch(declinedBy);
  if (answer.kind === 'failure') return { kind: 'declined', why: brokeWith(answer.error, name, 'initialize') };
  if (answer.kind !== 'result') return answer;
  const { protocolVersion, serverInfo } = answer.result;
  if (typeof protocolVersion !== 'string' || !isSpoken(protocolVersion)) {
    const what = 'answers initialize with a protocol version that the gateway does not speak';
    return { kind: 'declined', why: broke(name, what) };
  }
  wire.agree(protocolVersion, 'session');
  await connection.notify('notifications/initialized', {});
  wire.listen();
  const self = { ...selfDescription(answer.result), serverInfo: isJsonObject(serverInfo) ? serverInfo : {} };
  return { kind: 'greeted', facts: { ...self, protocolVersion, era: 'session' } };
}

/** The first revision that was ever published differs in nothing that is used here. */
function isSpoken(version: string): boolean {
  return isSessionVersion(version) || version === '2024-10-07';
}
