import { onTestFinished } from 'vitest';
import { ask, JSON_HEADERS, openSession, post } from '../downstream/http-client.ts';
import type { AtEnd } from './program.ts';
import type { Answer, RawClient } from './raw-client.ts';

/** One of the ways into a running gateway, for a client that may send anything. */
export interface Front {
  readonly name: string;
  /** Sends the bytes of one message; what came for it, with the status where the front has one. */
  send(body: Buffer): Promise<Said>;
}

export interface Said {
  /** Undefined over stdio. */
  readonly status: number | undefined;
  readonly answer: Answer;
}

export function overStdio(client: RawClient): Front {
  return { name: 'stdio', send: async (body) => ({ status: undefined, answer: await client.ask(body) }) };
}

/** Streamable HTTP in a session of its own. */
export async function overHttp(url: string): Promise<Front> {
  const session = await openSession(url);
  return {
    name: 'HTTP',
    send: async (body) => {
      const response = await postBytes(url, body, session);
      const text = await response.text();
      // What takes a while is answered as a stream.
      const json = text.startsWith('{') ? text : (/^data: (\{.*)$/m.exec(text)?.[1] ?? '');
      return { status: response.status, answer: JSON.parse(json) as Answer };
    },
  };
}

/** The old transport: what is wrong with a message is answered at once, what came of it on the stream. */
export async function overSse(url: string, atEnd: AtEnd = onTestFinished): Promise<Front> {
  const controller = new AbortController();
  atEnd(async () => controller.abort());
  const stream = await fetch(new URL('/sse', url), {
    headers: { Accept: 'text/event-stream' },
    signal: controller.signal,
  });
  const events = new Events(stream);
  const address = new URL(await events.next(), url).href;
  const send = async (body: Buffer | string): Promise<Said> => {
    const response = await postBytes(address, Buffer.from(body));
    const text = await response.text();
    // A refusal whose id is known is told on the stream too.
    if (response.status !== 202) {
      const answer = JSON.parse(text) as Answer;
      if (answer.id !== null && response.status === 400) await events.next();
      return { status: response.status, answer };
    }
    return { status: response.status, answer: JSON.parse(await events.next()) as Answer };
  };
  const hello = { protocolVersion: '2024-11-05', capabilities: {}, clientInfo: { name: 'raw', version: '1' } };
  await send(JSON.stringify({ jsonrpc: '2.0', id: 0, method: 'initialize', params: hello }));
  await post(address, { jsonrpc: '2.0', method: 'notifications/initialized' });
  return { name: 'SSE', send };
}

function postBytes(url: string, bytes: Buffer, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  const body = new Uint8Array(bytes);
  return fetch(url, { method: 'POST', body, headers: { ...JSON_HEADERS, ...headers } });
}

/** A call without a session (MCP 2026-07-28), whose headers may say otherwise than its body. */
export async function callStateless(
  url: string,
  params: { readonly name: string; readonly arguments: object },
  headers: Readonly<Record<string, string>>,
): Promise<Said> {
  const response = await ask(url, {
    method: 'tools/call',
    params: { ...params, arguments: { ...params.arguments } },
    headers,
  });
  return { status: response.status, answer: (await response.json()) as Answer };
}

/** The data of events, one after the other. */
class Events {
  readonly #reader: ReadableStreamDefaultReader<string> | undefined;
  #text = '';

  constructor(response: Response) {
    this.#reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  }

  async next(): Promise<string> {
    for (;;) {
      const end = this.#text.indexOf('\n\n');
      if (end !== -1) {
        const event = this.#text.slice(0, end);
        this.#text = this.#text.slice(end + 2);
        // Not by a pattern: for one, U+2028 ends a line, and in an event it is a character like any other.
        const data = event.split('\n').find((line) => line.startsWith('data: '));
        if (data !== undefined) return data.slice('data: '.length);
        continue;
      }
      const read = await this.#reader?.read();
      if (read === undefined || read.done) throw new Error('the stream has ended');
      this.#text += read.value;
    }
  }
}
