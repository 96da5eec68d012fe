import type { JsonObject } from '../../src/core/json.ts';
import { receiveMessage } from '../../src/downstream/receive.ts';
import { Session } from '../../src/downstream/session.ts';
import { Turns } from '../../src/downstream/turns.ts';
import { aFakeGateway, anIdentity, LIMITS, QUIET, SERVER_INFO } from './fake-gateway.ts';

export interface SessionChoices {
  readonly maxInFlight?: number;
  readonly agent?: string;
  /** What the client declares. */
  readonly capabilities?: JsonObject;
  /** Whether the client has its standing stream open. */
  readonly isListening?: () => boolean;
  /** Whether a request's road takes more than its answer. */
  readonly takesEvents?: boolean;
}

/** A session whose client has said nothing yet. */
export function aSession(choices: SessionChoices = {}) {
  const gateway = aFakeGateway();
  const announced: JsonObject[] = [];
  const notified: JsonObject[] = [];
  const identity = anIdentity();
  const { maxInFlight = LIMITS.maxInFlight } = choices;
  const session = new Session({
    id: 's-1',
    gateway,
    identity: { ...identity, agent: { ...identity.agent, id: choices.agent ?? '' } },
    serverInfo: SERVER_INFO,
    maxInFlight,
    turns: new Turns({ ...LIMITS, maxInFlight }),
    logger: QUIET,
    announce: (text) => announced.push(JSON.parse(text) as JsonObject),
    isListening: choices.isListening ?? (() => true),
  });
  const send = (message: JsonObject): Promise<JsonObject | undefined> =>
    new Promise((resolve, reject) => {
      const received = receiveMessage(Buffer.from(JSON.stringify({ jsonrpc: '2.0', ...message })), LIMITS);
      if (received.kind === 'refused') return reject(new Error(received.error.message));
      let isOpen = choices.takesEvents ?? true;
      session.receive(received, {
        notify: (text) => notified.push(JSON.parse(text) as JsonObject),
        send: (text) => {
          if (isOpen) notified.push(JSON.parse(text) as JsonObject);
          return isOpen;
        },
        end: (text) => {
          isOpen = false;
          resolve(text === undefined ? undefined : (JSON.parse(text) as JsonObject));
        },
      });
      return received.message.kind === 'request' ? undefined : resolve(undefined);
    });
  return { gateway, session, announced, notified, send };
}

/** A session whose client may ask everything. */
export async function anOpenSession(choices: SessionChoices = {}) {
  const opened = aSession(choices);
  await opened.send(initialize('2025-11-25', choices.capabilities));
  await opened.send({ method: 'notifications/initialized' });
  return opened;
}

export function initialize(protocolVersion: string, capabilities: JsonObject = {}): JsonObject {
  const clientInfo = { name: 'inspector', version: '9' };
  return { id: 0, method: 'initialize', params: { protocolVersion, capabilities, clientInfo } };
}

export function call(id: number, name: string, meta: JsonObject = {}): JsonObject {
  return { id, method: 'tools/call', params: { name, arguments: { a: [1] }, _meta: meta } };
}
