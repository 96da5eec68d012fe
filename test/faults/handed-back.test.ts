import { beforeAll, expect, test } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import { ask, openSession, post } from '../downstream/http-client.ts';
import { atEndOfFile, decisionsAbout, decisionsOf, type HttpGateway, PATIENCE, type Place } from '../e2e/program.ts';
import { aRule, fixture, journal, permissiveBundle, receivedBy, textsIn, writeBundle } from '../e2e/servers.ts';
import { type TwoUsers, twoUsers, type Who } from './two-users.ts';

const untilEnd = atEndOfFile();
let place: Place;
let gateway: HttpGateway;
let bearer: TwoUsers['bearer'];

beforeAll(async () => {
  const servers = (folder: string): string => {
    const open = `unknownArguments: allow, policy: { source: ${permissiveBundle(folder)} }`;
    const confirmed = `unknownArguments: allow, policy: { source: ${confirming(folder)} }`;
    return `  journal: { ${journal(folder)}, ${open} }
  asking: { ${fixture('asking')}, allow: { roots: true }, ${open} }
  confirmed: { ${journal(folder, 'confirmed')}, ${confirmed} }
`;
  };
  const ready = ['journal__read', 'asking__greeting', 'confirmed__read'];
  ({ place, gateway, bearer } = await twoUsers(servers, { ready, atEnd: untilEnd }));
});

/** Its user has to approve each `write`. */
function confirming(folder: string): string {
  const asks =
    'obligations contains {"id": "C-2", "type": "require_approval", "by": "user"} if input.action.tool == "write"';
  const allows = 'allow contains {"id": "C-1", "reason": "fine"} if input.action.tool != ""';
  return writeBundle(folder, 'confirming', aRule('C-1', allows) + aRule('C-2', asks));
}

const ASKS = { asks: [{ id: 'q', method: 'roots/list' }] };
const ROOTS = { roots: [{ uri: 'file:///srv/project' }] };
const APPROVES = { action: 'accept', content: { answer: 'approve' } };

/** A call of a stateless client that is answered with a question, or what it says to that. */
async function call(who: Who, params: JsonObject): Promise<JsonObject> {
  const capabilities = { roots: {}, elicitation: { form: {} } };
  const response = await ask(gateway.url, { method: 'tools/call', params, capabilities, headers: bearer(who) });
  return (await response.json()) as JsonObject;
}

/** The same call with an answer to each of the questions. */
function answering(params: JsonObject, first: JsonObject, answer: JsonObject): JsonObject {
  const { inputRequests, requestState } = first['result'] as { inputRequests: JsonObject; requestState: string };
  const inputResponses = Object.fromEntries(Object.keys(inputRequests).map((key) => [key, answer]));
  return { ...params, inputResponses, requestState };
}

/** Every use of an answered question that is not the one it was asked for. */
function misusesOf(answered: JsonObject): readonly (readonly [what: string, who: Who, params: JsonObject])[] {
  const { requestState, name } = answered as { readonly requestState: string; readonly name: string };
  return [
    ['another principal', 'bob', answered],
    ['other arguments', 'ada', { ...answered, arguments: { text: 'other' } }],
    ['another tool', 'ada', { ...answered, name: name === 'asking__ask' ? 'asking__leave' : 'confirmed__echo' }],
    ['another server', 'ada', { ...answered, name: 'journal__write' }],
    ['a changed state', 'ada', { ...answered, requestState: flipped(requestState) }],
    ['a cut state', 'ada', { ...answered, requestState: requestState.slice(0, -2) }],
    ['a state of another gateway', 'ada', { ...answered, requestState: `${requestState}.00000000` }],
  ];
}

function flipped(text: string): string {
  return `${text.startsWith('A') ? 'B' : 'A'}${text.slice(1)}`;
}

test('G-16 what a client holds of a call that goes on is of use to it alone, for this call alone, unchanged and once', async () => {
  const asked = { name: 'asking__ask', arguments: ASKS };
  const first = await call('ada', asked);
  expect(first).toMatchObject({ result: { resultType: 'input_required' } });
  const answered = answering(asked, first, ROOTS);
  const before = (await decisionsOf(place)).length;
  for (const [what, who, params] of misusesOf(answered)) {
    expect([what, await call(who, params)]).toMatchObject([what, { error: { code: -32602 } }]);
  }
  // Nothing of it was decided, let alone allowed.
  expect(await decisionsOf(place)).toHaveLength(before);

  const both = await Promise.all([call('ada', answered), call('ada', answered)]);
  both.push(await call('ada', answered));
  expect(both.filter((answer) => JSON.stringify(answer).includes(ROOTS.roots[0]?.uri ?? ''))).toHaveLength(1);
  expect(both.filter(({ error }) => (error as JsonObject | undefined)?.['code'] === -32602)).toHaveLength(2);
  // The server has asked once, and heard once.
  const heard = await call('ada', { name: 'asking__answers', arguments: {} });
  expect(heard).toMatchObject({ result: { content: [{ text: JSON.stringify([{ id: 'q', result: ROOTS }]) }] } });

  // The call as it began and as it went on are two requests, so two decisions: each was allowed by itself.
  const outcomes = async (): Promise<readonly unknown[]> =>
    (await decisionsAbout(place, 'ask'))
      .filter(({ action, outcome }) => action === 'tool_call' && outcome?.status !== 'protocol_error')
      .map(({ principal, effect, outcome }) => [principal.user.id, effect, outcome?.status]);
  const allowed = ['ada', 'allow', 'ok'];
  await expect.poll(outcomes, PATIENCE).toEqual([allowed, allowed]);
});

test('G-16 what a user has approved is that one call of theirs, once', async () => {
  const asked = { name: 'confirmed__write', arguments: { text: 'this one' } };
  const first = await call('ada', asked);
  expect(first).toMatchObject({ result: { resultType: 'input_required' } });
  const approved = answering(asked, first, APPROVES);
  for (const [what, who, params] of misusesOf(approved)) {
    expect([what, await call(who, params)]).toMatchObject([what, { error: { code: -32602 } }]);
  }
  // Nobody has approved anything by that, and without its state an answer counts for nothing.
  const { requestState: _state, ...stateless } = approved;
  for (const params of [asked, stateless]) {
    expect(await call('ada', params)).toMatchObject({ result: { resultType: 'input_required' } });
  }
  expect(textsIn(place, 'confirmed')).toEqual([undefined]);

  const all = await Promise.all([call('ada', approved), call('ada', approved), call('ada', approved)]);
  all.push(await call('ada', approved), await call('bob', asked));
  expect(all.filter((answer) => JSON.stringify(answer).includes('"written"'))).toHaveLength(1);
  expect(textsIn(place, 'confirmed')).toEqual([undefined, 'this one']);
  const records = (await decisionsAbout(place, 'write')).filter(({ server }) => server === 'confirmed');
  expect(records.filter(({ effect }) => effect === 'allow')).toHaveLength(1);
});

test('G-16 what is recorded of a call is, member for member, what its server received', async () => {
  const session = await openSession(gateway.url, bearer('bob'));
  const args = { text: 'é\u{1f600}\u2028', list: [1, 2.5, { deep: [null, true] }], '': '', big: 9007199254740991 };
  const params = { name: 'journal__echo', arguments: args };
  await (await post(gateway.url, { jsonrpc: '2.0', id: 1, method: 'tools/call', params }, session)).text();
  expect(receivedBy(place).at(-1)?.arguments).toEqual(args);
  expect((await decisionsAbout(place, 'echo'))[0]?.input).toMatchObject({ action: { args } });
});
