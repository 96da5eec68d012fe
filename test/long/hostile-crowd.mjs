// A client that keeps so many calls in flight as it is told, until it is killed: `node hostile-crowd.mjs URL IN_FLIGHT`.
// Every second it prints what it got: answered calls and refusals.
import { Agent, request } from 'node:http';

const [url = '', inFlight = '1'] = process.argv.slice(2);
const agent = new Agent({ keepAlive: true, maxSockets: Number(inFlight) });
const counts = { answered: 0, refused: 0, failed: 0 };
/** @type {string | undefined} */
let session = undefined;
({ session } = await post({ id: 0, method: 'initialize', params: hello() }));
await post({ method: 'notifications/initialized' });
setInterval(() => process.stdout.write(`${JSON.stringify(counts)}\n`), 200);
for (let lane = 1; lane <= Number(inFlight); lane += 1) void keepCalling(lane);

/** @param {number} lane */
async function keepCalling(lane) {
  for (let id = lane; ; id += Number(inFlight)) {
    const params = { name: 'echo', arguments: { text: `crowd ${id}` } };
    try {
      const { text } = await post({ id, method: 'tools/call', params });
      if (text.includes('"result"')) counts.answered += 1;
      else counts.refused += 1;
    } catch {
      counts.failed += 1;
    }
  }
}

/** @param {object} message @returns {Promise<{ text: string, session: string }>} */
function post(message) {
  const body = JSON.stringify({ jsonrpc: '2.0', ...message });
  const headers = {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    'content-length': Buffer.byteLength(body),
    ...(session === undefined ? {} : { 'mcp-session-id': session }),
  };
  return new Promise((settle, fail) => {
    const posted = request(url, { agent, method: 'POST', headers }, (response) => {
      let text = '';
      response
        .setEncoding('utf8')
        .on('data', (part) => (text += part))
        .once('error', fail)
        .once('end', () => settle({ text, session: String(response.headers['mcp-session-id'] ?? '') }));
    });
    posted.once('error', fail).end(body);
  });
}

function hello() {
  return { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'crowd', version: '1' } };
}
