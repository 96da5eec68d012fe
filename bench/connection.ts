import type { Readable, Writable } from 'node:stream';
import type { Json, JsonObject } from '../src/core/json.ts';

/** An answer as it came; nobody but the benchmark's own upstream speaks behind it. */
export interface Answer {
  readonly result?: {
    readonly tools?: readonly { readonly name: string }[];
    readonly content?: readonly { readonly text?: string }[];
    readonly isError?: boolean;
  };
  readonly error?: Json;
}

/** A client as thin as can be: no SDK, no checks beyond those of the load. */
export interface Connection {
  request(method: string, params: JsonObject): Promise<Answer>;
  notify(method: string): Promise<void>;
  close(): void;
}

/** Correlates answers that come on a stream of their own with the requests they belong to. */
export class Waiting {
  readonly #waiting = new Map<number, { settle: (answer: Answer) => void; fail: (cause: Error) => void }>();
  #lastId = 0;

  open(method: string, params: JsonObject): { readonly text: string; readonly answer: Promise<Answer> } {
    this.#lastId += 1;
    const id = this.#lastId;
    const answer = new Promise<Answer>((settle, fail) => this.#waiting.set(id, { settle, fail }));
    return { text: messageText(method, params, id), answer };
  }

  settle(line: string): void {
    const message = JSON.parse(line) as Answer & { readonly id?: number };
    const one = message.id === undefined ? undefined : this.#waiting.get(message.id);
    if (message.id === undefined || one === undefined) return;
    this.#waiting.delete(message.id);
    one.settle(message);
  }

  fail(cause: Error): void {
    for (const { fail } of this.#waiting.values()) fail(cause);
    this.#waiting.clear();
  }
}

/** A message as JSON text; a notification where there is no id. */
export function messageText(method: string, params: JsonObject, id?: number): string {
  return JSON.stringify({ jsonrpc: '2.0', id, method, params });
}

export const INITIALIZE: JsonObject = {
  protocolVersion: '2025-06-18',
  capabilities: {},
  clientInfo: { name: 'bench', version: '1.0.0' },
};

/** Over the pipes of a process. */
export function stdioConnection(input: Writable, output: Readable): Connection {
  const waiting = new Waiting();
  let rest = '';
  output.setEncoding('utf8').on('data', (text: string) => {
    const lines = `${rest}${text}`.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) waiting.settle(line);
  });
  output.once('close', () => waiting.fail(new Error('the target closed its output')));
  input.on('error', (cause) => waiting.fail(cause));
  return {
    request: (method, params) => {
      const { text, answer } = waiting.open(method, params);
      input.write(`${text}\n`);
      return answer;
    },
    notify: async (method) => void input.write(`${messageText(method, {})}\n`),
    close: () => void input.end(),
  };
}
