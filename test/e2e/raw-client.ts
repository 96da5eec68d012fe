import { spawn } from 'node:child_process';
import { expect, onTestFinished } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import type { Result } from './clients.ts';
import { end, PROGRAM, type Place, type Serving } from './program.ts';

export interface Answer {
  readonly id: string | number | null;
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown };
}

/** A client over stdio that can also send what no client would. */
export interface RawClient {
  /** Sends a line as it stands; the next answer that comes. */
  ask(line: string | Buffer): Promise<Answer>;
  request(method: string, params?: object): Promise<Answer>;
  /** Sends a request whose answer nobody waits for; its id. */
  begin(method: string, params?: object): number;
  /** The line that answers a request, as it came. */
  exchange(method: string, params?: object): Promise<string>;
  call(name: string, args?: object): Promise<Result>;
  listTools(): Promise<readonly string[]>;
  notify(method: string, params?: object): void;
  /** Every line that came, as it came. */
  lines(): readonly string[];
  /** Every notification that came, oldest first. */
  told(method: string): readonly JsonObject[];
  /** Answers what the gateway asks from now on; without, nothing is answered. */
  onAsked(answer: (method: string, params: JsonObject) => JsonObject): void;
  stderr(): string;
  signal(name: NodeJS.Signals): void;
  readonly pid: number;
  /** Closes its side. */
  hangUp(): void;
  /** Resolves with the exit status. */
  readonly ended: Promise<number | null>;
}

const HELLO = { protocolVersion: '2025-11-25', clientInfo: { name: 'raw-client', version: '1' } };

export interface RawServing extends Serving {
  /** What the client says that it can do; nothing by default. */
  readonly capabilities?: object;
}

/** Starts `serve --stdio` and greets it. At the end, whatever came over stdout must have been JSON-RPC. */
export async function rawStdio(place: Place, serving: RawServing = {}): Promise<RawClient> {
  const client = startRaw(place, serving);
  const { result } = await client.request('initialize', { ...HELLO, capabilities: serving.capabilities ?? {} });
  expect(result).toMatchObject({ protocolVersion: HELLO.protocolVersion });
  client.notify('notifications/initialized');
  return client;
}

/** As `rawStdio`, for MCP 2026-07-28: each request carries its envelope, and nothing is greeted. */
export function rawStateless(place: Place, serving: RawServing = {}): RawClient {
  const client = startRaw(place, serving);
  const enveloped = (params: object = {}): object => {
    const { _meta: meta } = params as { readonly _meta?: object };
    const capabilities = { 'io.modelcontextprotocol/clientCapabilities': serving.capabilities ?? {} };
    return { ...params, _meta: { ...meta, ...ENVELOPE, ...capabilities } };
  };
  const request = (method: string, params?: object): Promise<Answer> => client.request(method, enveloped(params));
  return {
    ...client,
    begin: (method, params) => client.begin(method, enveloped(params)),
    request,
    call: async (name, args = {}) => resultOf(name, await request('tools/call', { name, arguments: args })),
    listTools: async () => namesOf(await request('tools/list')),
    exchange: (method, params) => client.exchange(method, enveloped(params)),
  };
}

const ENVELOPE = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'raw-client', version: '1' },
};

function startRaw(place: Place, { args = [], under = [], env = {}, atEnd = onTestFinished }: Serving): RawClient {
  const serve = [process.execPath, PROGRAM, 'serve', '--stdio', '--config', place.config, ...args];
  const [command = '', ...rest] = [...under, ...serve];
  const child = spawn(command, rest, {
    env: { ...place.env, ...env },
    cwd: place.folder,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const inbox = new Inbox();
  let log = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => inbox.take(text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text));
  child.stdin.on('error', () => undefined);
  const ended = new Promise<number | null>((settle) => child.once('close', settle));
  void ended.then((code) => inbox.fail(new Error(`serve ended with ${code}: ${log}`)));
  atEnd(async () => {
    await end(child);
    for (const line of inbox.lines) expect(JSON.parse(line)).toMatchObject({ jsonrpc: '2.0' });
  });
  let next = 1;
  const send = (message: object): void => void child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  const begin = (method: string, params: object = {}): number => {
    const id = next++;
    send({ id, method, params });
    return id;
  };
  const request = (method: string, params?: object): Promise<Answer> => {
    const id = begin(method, params);
    return inbox.answerTo((answer) => answer.id === id);
  };
  return {
    ask: (line) => {
      child.stdin.write(Buffer.concat([Buffer.from(line), Buffer.from('\n')]));
      return inbox.answerTo(() => true);
    },
    begin,
    request,
    exchange: async (method, params) => {
      const { id } = await request(method, params);
      return inbox.lines.findLast((line) => parse(line)?.id === id && !line.includes('"method"')) ?? '';
    },
    call: async (name, args_ = {}) => resultOf(name, await request('tools/call', { name, arguments: args_ })),
    listTools: async () => namesOf(await request('tools/list')),
    notify: (method, params = {}) => send({ method, params }),
    lines: () => inbox.lines,
    told: (method) => inbox.messages.filter((one) => one.method === method && one.id === undefined).map(paramsOf),
    onAsked: (answer) => {
      inbox.onRequest = (asked) => send({ id: asked.id, result: answer(asked.method ?? '', paramsOf(asked)) });
    },
    stderr: () => log,
    signal: (name) => void child.kill(name),
    pid: child.pid ?? 0,
    hangUp: () => void child.stdin.end(),
    ended,
  };
}

function resultOf(name: string, { result, error }: Answer): Result {
  if (result === undefined) throw new Error(`${name}: ${JSON.stringify(error)}`);
  return result as unknown as Result;
}

function namesOf({ result }: Answer): readonly string[] {
  const { tools } = result as { readonly tools: readonly { readonly name: string }[] };
  return tools.map(({ name }) => name);
}

interface Message extends Answer {
  readonly method?: string;
  readonly params?: JsonObject;
}

function paramsOf({ params = {} }: Message): JsonObject {
  return params;
}

interface Waiting {
  readonly fits: (answer: Answer) => boolean;
  readonly settle: (answer: Answer) => void;
  readonly fail: (why: Error) => void;
}

/** What came, by lines, and who waits for what. */
class Inbox {
  readonly lines: string[] = [];
  readonly messages: Message[] = [];
  onRequest: (request: Message) => void = () => undefined;
  #waiting: readonly Waiting[] = [];
  #rest = '';
  #end: Error | undefined;

  take(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#read(line);
  }

  answerTo(fits: Waiting['fits']): Promise<Answer> {
    if (this.#end !== undefined) return Promise.reject(this.#end);
    return new Promise((settle, fail) => {
      this.#waiting = [...this.#waiting, { fits, settle, fail }];
    });
  }

  fail(why: Error): void {
    this.#end = why;
    for (const { fail } of this.#waiting) fail(why);
    this.#waiting = [];
  }

  #read(line: string): void {
    this.lines.push(line);
    const message = parse(line);
    if (message === undefined) return;
    this.messages.push(message);
    if (message.method !== undefined) {
      if (message.id !== undefined) this.onRequest(message);
      return;
    }
    const waiting = this.#waiting.find(({ fits }) => fits(message));
    this.#waiting = this.#waiting.filter((other) => other !== waiting);
    waiting?.settle(message);
  }
}

/** A line that is no message answers nobody; it is found at the end. */
function parse(line: string): Message | undefined {
  try {
    return JSON.parse(line) as Message;
  } catch {
    return undefined;
  }
}
