import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import type { Clock } from '../../src/core/clock.ts';
import { GatewayError } from '../../src/core/errors.ts';
import type { Json, JsonObject } from '../../src/core/json.ts';
import type { LogFields, Logger } from '../../src/core/logger.ts';
import { isServerId, type ServerId } from '../../src/core/names.ts';
import type { RpcAnswer } from '../../src/core/rpc.ts';
import type { Authorizer } from '../../src/upstream/authorizer.ts';
import { wireTo, type ServerDefinition, type Transport } from '../../src/upstream/server-definition.ts';
import type { Host } from '../../src/upstream/stdio.ts';
import { Knowledge, type KnowledgeOptions, type ServerMemory } from '../../src/upstream/knowledge.ts';
import type { Holder, InstanceHost } from '../../src/upstream/instance-host.ts';
import { ParameterHeaders } from '../../src/upstream/mcp-headers.ts';
import type { RequestOptions } from '../../src/upstream/request-options.ts';
import { Upstream } from '../../src/upstream/upstream.ts';
import type { UpstreamOptions } from '../../src/upstream/upstream-options.ts';
import { Upstreams, type UpstreamsOptions } from '../../src/upstream/upstreams.ts';

export const aClock: Clock = { now: () => Date.now(), monotonic: () => performance.now() };

export const aHost: Host = { platform: process.platform, nodePath: process.execPath, environment: process.env };

const LARGEST_MESSAGE = 16 * 1024 * 1024;

export interface Logged {
  readonly level: string;
  readonly message: string;
  readonly fields: LogFields;
}

export function aLogger(): Logger & { readonly lines: readonly Logged[] } {
  const lines: Logged[] = [];
  const at =
    (level: string) =>
    (message: string, fields: LogFields = {}): void => {
      lines.push({ level, message, fields });
    };
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** A server that is a program of `fixtures/upstreams/`. */
export function fixture(script: string, ...args: string[]): Extract<Transport, { kind: 'stdio' }> {
  return { kind: 'stdio', command: process.execPath, args: [`fixtures/upstreams/${script}`, ...args], env: {} };
}

export function serverId(text: string): ServerId {
  if (!isServerId(text)) throw new Error(`${text} is no server id`);
  return text;
}

export function aDefinition(transport: Transport, more: Partial<ServerDefinition> = {}): ServerDefinition {
  return { id: serverId('files'), transport, ...more };
}

export function aMemory(kept: Record<string, Json> = {}): ServerMemory & { readonly kept: Record<string, Json> } {
  return {
    kept,
    read: async (server) => kept[server],
    write: async (server, facts) => void (kept[server] = facts),
  };
}

/** A host that wants nothing and answers nothing. */
const noHost: InstanceHost = {
  onNotification: () => {},
  onRequest: async () => NOBODY,
};

const NOBODY: RpcAnswer = { kind: 'failure', error: { code: -32603, message: 'nobody is there' } };

export interface AnUpstream extends Partial<UpstreamOptions> {
  readonly maxMessageBytes?: number;
  readonly graceMs?: number;
  readonly environment?: Host['environment'];
  readonly era?: Holder['era'];
  readonly offers?: JsonObject;
  readonly authorizer?: Authorizer;
}

/** An upstream that is ended with the test. */
export function anUpstream(transport: Transport, more: AnUpstream = {}): Upstream {
  const {
    maxMessageBytes = LARGEST_MESSAGE,
    environment = process.env,
    era = 'session',
    offers = {},
    ...options
  } = more;
  const logger = more.logger ?? aLogger();
  const definition = aDefinition(transport);
  const context = { version: '0.0.1', host: { ...aHost, environment }, clock: aClock, logger, maxMessageBytes };
  const upstream = new Upstream({
    onNotification: () => {},
    onRequest: async () => NOBODY,
    onRefused: () => {},
    name: 'files',
    version: '0.0.1',
    openWire: () => wireTo(definition, { ...context, ...options }),
    clock: aClock,
    logger,
    wish: () => ({ era, offers }),
    knowledge: someKnowledge(),
    parameterHeaders: new ParameterHeaders(),
    onListChanged: () => {},
    tickMs: 10,
    ...options,
  });
  onTestFinished(() => upstream.close());
  return upstream;
}

export function someKnowledge(more: Partial<KnowledgeOptions> = {}): Knowledge {
  const known = { server: serverId('files'), memory: aMemory(), clock: aClock, logger: aLogger(), hasOneEra: false };
  return new Knowledge({ ...known, ...more });
}

export function theUpstreams(
  definitions: readonly ServerDefinition[],
  more: Partial<UpstreamsOptions> = {},
): Upstreams {
  const upstreams = new Upstreams(definitions, {
    version: '0.0.1',
    host: aHost,
    clock: aClock,
    logger: aLogger(),
    maxMessageBytes: LARGEST_MESSAGE,
    gatherMs: 10,
    memory: aMemory(),
    instanceHost: noHost,
    ...more,
  });
  onTestFinished(() => upstreams.close());
  return upstreams;
}

export function callTool(
  upstream: Upstream,
  params: JsonObject,
  options: Partial<RequestOptions> = {},
): Promise<RpcAnswer> {
  return upstream.request('tools/call', params, { offers: {}, ...options });
}

export function aHolder(more: Partial<Holder> = {}): Holder {
  return { session: 'session-a', principalId: 'anna', era: 'session', offers: {}, ...more };
}

export function call(name: string, args: JsonObject = {}): JsonObject {
  return { name, arguments: args };
}

/** The text of a result with one text in it. */
export function textOf(answer: RpcAnswer): string {
  if (answer.kind === 'failure') return `failure ${answer.error.code} ${answer.error.message}`;
  const content = answer.result['content'];
  const [first] = Array.isArray(content) ? (content as { text?: string }[]) : [];
  return first?.text ?? '';
}

/** What a promise is rejected with; a fulfilled one is an error of the test. */
export async function rejection(promise: Promise<unknown>): Promise<GatewayError> {
  const thrown = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (thrown instanceof GatewayError) return thrown;
  throw new Error('nothing, or no GatewayError, was thrown', { cause: thrown });
}

export function aFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'upstream-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A process that has ended and waits for its parent to look (state Z) is not alive. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return process.platform !== 'linux' || !/\) Z /u.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
