import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { type Answer, type Connection, messageText, Waiting } from './connection.ts';

/**
 * Streamable HTTP with kept-alive connections; answers as JSON or as an event stream, whichever the server likes. A session
 * that was opened at `url` goes on at `via`.
 */
export function httpConnection(url: string, via: string = url): Connection {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  let session: string | undefined;
  let lastId = 0;
  const post = async (text: string): Promise<string> => {
    const headers = session === undefined ? {} : { 'mcp-session-id': session };
    const { response, body } = await send(session === undefined ? url : via, { agent, headers, text });
    session ??= headerOf(response, 'mcp-session-id');
    return headerOf(response, 'content-type')?.startsWith('text/event-stream') === true ? lastData(body) : body;
  };
  return {
    request: async (method, params) => {
      lastId += 1;
      return JSON.parse(await post(messageText(method, params, lastId))) as Answer;
    },
    notify: async (method) => void (await post(messageText(method, {}))),
    close: () => agent.destroy(),
  };
}

/** MCP 2026-07-28 over Streamable HTTP: no session, and what a session knew stands in every request. */
export function statelessConnection(url: string): Connection {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  let lastId = 0;
  return {
    request: async (method, params) => {
      lastId += 1;
      const name = typeof params['name'] === 'string' ? { 'mcp-name': params['name'] } : {};
      const headers = { 'mcp-protocol-version': STATELESS, 'mcp-method': method, ...name };
      const text = messageText(method, { ...params, _meta: ENVELOPE }, lastId);
      const { response, body } = await send(url, { agent, headers, text });
      const isStream = headerOf(response, 'content-type')?.startsWith('text/event-stream') === true;
      return JSON.parse(isStream ? lastData(body) : body) as Answer;
    },
    notify: async () => undefined,
    close: () => agent.destroy(),
  };
}

const STATELESS = '2026-07-28';
const ENVELOPE = {
  'io.modelcontextprotocol/protocolVersion': STATELESS,
  'io.modelcontextprotocol/clientCapabilities': {},
  'io.modelcontextprotocol/clientInfo': { name: 'bench', version: '1.0.0' },
};

/** The older HTTP+SSE: one stream for all answers, and an address for requests that the stream tells. */
export async function sseConnection(url: string): Promise<Connection> {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const waiting = new Waiting();
  const address = await new Promise<string>((settle, fail) => {
    const opened = httpRequest(url, { agent, headers: { accept: 'text/event-stream' } }, (response) => {
      if (response.statusCode !== 200) fail(new Error(`${url} answers ${response.statusCode}`));
      let rest = '';
      response.setEncoding('utf8').on('data', (text: string) => {
        const events = `${rest}${text}`.split(/\r?\n\r?\n/);
        rest = events.pop() ?? '';
        for (const event of events) {
          if (/^event: ?endpoint$/m.test(event)) settle(new URL(lastData(event), url).href);
          else if (event.includes('data:')) waiting.settle(lastData(event));
        }
      });
      response.once('close', () => waiting.fail(new Error('the target closed its stream')));
    });
    opened.once('error', fail).end();
  });
  const post = (text: string): Promise<unknown> => send(address, { agent, headers: {}, text });
  return {
    request: async (method, params) => {
      const { text, answer } = waiting.open(method, params);
      await post(text);
      return answer;
    },
    notify: async (method) => void (await post(messageText(method, {}))),
    close: () => agent.destroy(),
  };
}

interface Sending {
  readonly agent: Agent;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

function send(url: string, { agent, headers, text }: Sending): Promise<{ response: IncomingMessage; body: string }> {
  return new Promise((settle, fail) => {
    const all = {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'content-length': Buffer.byteLength(text),
      ...headers,
    };
    const posted = httpRequest(url, { agent, method: 'POST', headers: all }, (response) => {
      let body = '';
      response
        .setEncoding('utf8')
        .on('data', (part: string) => (body += part))
        .once('error', fail)
        .once('end', () => {
          const { statusCode = 0 } = response;
          if (statusCode >= 200 && statusCode < 300) settle({ response, body });
          else fail(new Error(`${url} answers ${statusCode}: ${body.slice(0, 200)}`));
        });
    });
    posted.once('error', fail).end(text);
  });
}

/** The data of the last event that has any. */
function lastData(events: string): string {
  return (
    events
      .slice(events.lastIndexOf('data:') + 'data:'.length)
      .split(/\r?\n/)[0]
      ?.trim() ?? ''
  );
}

function headerOf(response: IncomingMessage, name: string): string | undefined {
  const value = response.headers[name];
  return typeof value === 'string' ? value : undefined;
}
