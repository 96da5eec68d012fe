// A client that keeps so many calls in flight as it is told, until it is killed: `node hostile-crowd.mjs URL IN_FLIGHT`.
// With a third argument it offers so many calls a second instead, while no more than that are in flight. Five times a second
// it prints what it got: answered calls, refusals, and the 99th percentile of the answered ones.
import { Agent, request } from 'node:http';

const [url = '', inFlight = '1', perSecond = '0'] = process.argv.slice(2);
const EVERY_MS = 10;
const agent = new Agent({ keepAlive: true, maxSockets: Number(inFlight) });
const counts = { answered: 0, refused: 0, failed: 0 };
/** @type {string | undefined} */
let session = undefined;
({ session } = await post({ id: 0, method: 'initialize', params: hello() }));
await post({ method: 'notifications/initialized' });
/** How many answers took so long, by the power of 1.05 of their milliseconds; none takes longer than the last says. */
const tookLong = new Uint32Array(400);
setInterval(() => process.stdout.write(`${JSON.stringify({ ...counts, p99Ms: p99() })}\n`), 200);
let lastId = 0;
let open = 0;
if (perSecond === '0') for (let lane = 1; lane <= Number(inFlight); lane += 1) void keepCalling();
else offer(performance.now());

async function keepCalling() {
  for (;;) await call();
}

/** What could not be offered in time is offered as soon as there is room for it. @param {number} startedAt */
function offer(startedAt) {
  let offered = 0;
  setInterval(() => {
    const due = ((performance.now() - startedAt) * Number(perSecond)) / 1000;
    for (; offered < due && open < Number(inFlight); offered += 1) void call();
    offered = Math.max(offered, Math.floor(due - Number(inFlight)));
  }, EVERY_MS);
}

async function call() {
  const id = ++lastId;
  const params = { name: 'echo', arguments: { text: `crowd ${id}` } };
  const sentAt = performance.now();
  open += 1;
  try {
    const { text } = await post({ id, method: 'tools/call', params });
    if (text.includes('"result"')) {
      counts.answered += 1;
      const power = Math.ceil(Math.log(performance.now() - sentAt) / Math.log(1.05));
      const at = Math.min(Math.max(power, 0), tookLong.length - 1);
      tookLong[at] = (tookLong[at] ?? 0) + 1;
    } else counts.refused += 1;
  } catch {
    counts.failed += 1;
  }
  open -= 1;
}

function p99() {
  let left = counts.answered * 0.99;
  const power = tookLong.findIndex((count) => {
    left -= count;
    return left <= 0;
  });
  return 1.05 ** power;
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
    // A connection that has been idle may be closed in the moment in which it is used again.
    posted.once('error', (error) => (posted.reusedSocket ? settle(post(message)) : fail(error))).end(body);
  });
}

function hello() {
  return { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'crowd', version: '1' } };
}
