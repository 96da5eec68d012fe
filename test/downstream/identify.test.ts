import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isJsonObject, type JsonObject } from '../../src/core/json.ts';
import { type ClaimNames, type Identified, identifyByClaims, identifyByKey } from '../../src/downstream/identify.ts';

const NINE = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'];
const AGENTS: ReadonlySet<string> = new Set(['lead', 'worker', 'boss', ...NINE]);
const ISSUER = 'https://id.example.com';

const CLIENT = { client_id: 'boss' };

const byClaims = (claims: JsonObject, names: ClaimNames = {}): Identified =>
  identifyByClaims({ iss: ISSUER, sub: 'ana', ...('azp' in claims ? {} : CLIENT), ...claims }, names, AGENTS);
const byKey = (entry: JsonObject): Identified => identifyByKey({ agent: 'worker', user: 'ana', ...entry }, AGENTS);

/** `act` with the current actor outside and the earlier ones within (RFC 8693, section 4.1). */
function acting(...actors: readonly string[]): JsonObject {
  const [sub, ...earlier] = actors;
  return sub === undefined ? {} : { act: { sub, ...acting(...earlier) } };
}

/** The agent and those behind it, and what is said of the user. */
function told(found: Identified): unknown {
  if (found.kind === 'refused') return found.why;
  const { agent, user } = found.identity;
  return [[agent.id, ...agent.delegated_by].join(' for '), user.id, user.groups, user.data_classifications_authorized];
}

describe('the claims of a token name', () => {
  test.for([
    { name: 'the client as the agent', claims: {}, names: {}, says: ['boss', 'ana', [], []] },
    {
      name: 'the authorized party as the agent, where there is no client_id',
      claims: { azp: 'worker' },
      names: {},
      says: ['worker', 'ana', [], []],
    },
    {
      name: 'the user, groups and data classes by the claims that are configured',
      claims: { email: 'ana@example.com', roles: ['support', 'leads'], cleared: ['pii'] },
      names: { user: 'email', groups: 'roles', data_classes: 'cleared' },
      says: ['boss', 'ana@example.com', ['leads', 'support'], ['pii']],
    },
    {
      name: 'the agent by a claim',
      claims: { azp: 'worker', groups: ['g'] },
      names: { agent: 'azp' },
      says: ['worker', 'ana', ['g'], []],
    },
    { name: 'the agent by act', claims: acting('worker'), names: {}, says: ['worker', 'ana', [], []] },
    {
      name: 'those who handed the work on within act, the nearest first',
      claims: acting('worker', 'lead', 'boss'),
      names: {},
      says: ['worker for lead for boss', 'ana', [], []],
    },
    {
      name: 'the same agent by both',
      claims: { azp: 'worker', ...acting('worker', 'lead') },
      names: { agent: 'azp' },
      says: ['worker for lead', 'ana', [], []],
    },
    {
      name: 'the agent by act alone where its claim is missing',
      claims: acting('worker'),
      names: { agent: 'azp' },
      says: ['worker', 'ana', [], []],
    },
    {
      name: 'an agent of the token’s own issuer',
      claims: { act: { sub: 'worker', iss: ISSUER } },
      names: {},
      says: ['worker', 'ana', [], []],
    },
    {
      name: 'eight agents',
      claims: acting(...NINE.slice(1)),
      names: {},
      says: [NINE.slice(1).join(' for '), 'ana', [], []],
    },
  ])('$name', ({ claims, names, says }) => {
    expect(told(byClaims(claims, names))).toEqual(says);
  });

  test('no team or model: these are the configuration’s to say', () => {
    const found = byClaims({ ...acting('worker'), model: 'big', owner_team: 'web' });
    expect(found).toMatchObject({ identity: { agent: { scope: '', owner_team: '', model: '' } } });
  });

  test.for([
    { claims: { scope: 'orders:read  orders:write' }, scope: 'orders:read orders:write' },
    { claims: { scp: ['orders:read', 'orders:read', 7, 'a"b', ''] }, scope: 'orders:read' },
    { claims: { scp: 'orders:read', scope: 'other' }, scope: 'other' },
    { claims: { scope: { all: true } }, scope: '' },
  ])('the scopes of $claims', ({ claims, scope }) => {
    expect(byClaims(claims)).toMatchObject({ identity: { agent: { scope } } });
  });
});

const NOT_SEEN = 'is not a text of 1 to 256 characters that can be seen';

test.for([
  { name: 'no user', claims: { sub: undefined }, names: {}, why: 'the token’s "sub" is missing' },
  { name: 'a user that is no text', claims: { sub: 7 }, names: {}, why: `the token’s "sub" ${NOT_SEEN}` },
  { name: 'an empty user', claims: { sub: '' }, names: {}, why: `the token’s "sub" ${NOT_SEEN}` },
  {
    name: 'a user that hides something',
    claims: { sub: 'ana\u202e' },
    names: {},
    why: `the token’s "sub" ${NOT_SEEN}`,
  },
  { name: 'a user without end', claims: { sub: 'a'.repeat(257) }, names: {}, why: `the token’s "sub" ${NOT_SEEN}` },
  {
    name: 'a name that every object has',
    claims: {},
    names: { user: 'constructor' },
    why: 'the token’s "constructor" is missing',
  },
  {
    name: 'groups that are one text',
    claims: { groups: 'admins' },
    names: {},
    why: `the token’s "groups" is not a list, or something in it ${NOT_SEEN}`,
  },
  {
    name: 'a group that is none',
    claims: { groups: ['support', null] },
    names: {},
    why: `the token’s "groups" is not a list, or something in it ${NOT_SEEN}`,
  },
  {
    name: 'no agent',
    claims: { client_id: undefined },
    names: {},
    why: 'the token’s claims name no agent: there is no "act", "client_id" or "azp"',
  },
  { name: 'no agent where one is wanted', claims: {}, names: { agent: 'azp' }, why: 'the token’s "azp" is missing' },
  {
    name: 'an agent that is not configured',
    claims: { azp: 'stranger' },
    names: { agent: 'azp' },
    why: 'there is no agent "stranger" in the configuration',
  },
  {
    name: 'two different agents',
    claims: { azp: 'lead', ...acting('worker') },
    names: { agent: 'azp' },
    why: 'the token’s "act" and "azp" name different agents',
  },
  { name: 'an act that is a text', claims: { act: 'worker' }, names: {}, why: 'the token’s "act" is no object' },
  { name: 'an act that is null', claims: { act: null }, names: {}, why: 'the token’s "act" is no object' },
  { name: 'an act that is a list', claims: { act: [] }, names: {}, why: 'the token’s "act" is no object' },
  { name: 'an act without a subject', claims: { act: {} }, names: {}, why: 'the token’s "act": "sub" is missing' },
  {
    name: 'an inner act without a subject',
    claims: { act: { sub: 'worker', act: { sub: ['lead'] } } },
    names: {},
    why: `the token’s "act": "sub" ${NOT_SEEN}`,
  },
  {
    name: 'an agent of another issuer',
    claims: { act: { sub: 'worker', iss: 'https://else.example.com' } },
    names: {},
    why: 'the token’s "act" names an agent of another issuer',
  },
  {
    name: 'a delegator that is not configured',
    claims: acting('worker', 'stranger'),
    names: {},
    why: 'there is no agent "stranger" in the configuration',
  },
  {
    name: 'a line that goes round',
    claims: acting('worker', 'lead', 'worker'),
    names: {},
    why: 'the token’s "act" names an agent twice',
  },
  {
    name: 'nine agents',
    claims: acting(...NINE),
    names: {},
    why: 'the token’s "act" makes a line of more than 8 agents',
  },
])('a token with $name is refused, and why is said', ({ claims, names, why }) => {
  const given = Object.fromEntries(
    Object.entries({ iss: ISSUER, sub: 'ana', client_id: 'boss', ...claims }).filter(
      ([, value]) => value !== undefined,
    ),
  );
  expect(identifyByClaims(given, names, AGENTS)).toEqual({ kind: 'refused', why });
});

test('all that is wrong with a token is said at once', () => {
  expect(told(byClaims({ sub: '', groups: 3, ...acting('stranger') }))).toBe(
    `there is no agent "stranger" in the configuration; the token’s "sub" ${NOT_SEEN}; the token’s "groups" is not a list, or something in it ${NOT_SEEN}`,
  );
});

test('the entry of a key names agent, user, groups, data classes and those behind the agent', () => {
  const entry = { groups: ['support'], data_classes: ['pii'], delegated_by: ['lead', 'boss'], hash: 'not read' };
  expect(told(byKey(entry))).toEqual(['worker for lead for boss', 'ana', ['support'], ['pii']]);
  expect(told(byKey({}))).toEqual(['worker', 'ana', [], []]);
});

test.for([
  { name: 'an agent that is not configured', entry: { agent: 'x' }, why: 'there is no agent "x" in the configuration' },
  { name: 'no agent', entry: { agent: '' }, why: `the key’s "agent" ${NOT_SEEN}` },
  { name: 'no user', entry: { user: null }, why: `the key’s "user" ${NOT_SEEN}` },
  {
    name: 'a line that goes round',
    entry: { delegated_by: ['worker'] },
    why: 'the key’s "delegated_by" names an agent twice',
  },
  {
    name: 'a line that goes round further up',
    entry: { delegated_by: ['lead', 'boss', 'lead'] },
    why: 'the key’s "delegated_by" names an agent twice',
  },
  {
    name: 'too long a line',
    entry: { delegated_by: NINE.slice(1) },
    why: 'the key’s "delegated_by" makes a line of more than 8 agents',
  },
])('the entry of a key with $name is refused, and why is said', ({ entry, why }) => {
  expect(told(byKey(entry))).toBe(why);
});

test('where no agents are configured, a bundle may know any name', () => {
  const claims = { iss: ISSUER, sub: 'ana', client_id: 'stranger' };
  expect(told(identifyByClaims(claims, {}, new Set()))).toEqual(['stranger', 'ana', [], []]);
  expect(told(identifyByKey({ agent: 'stranger', user: 'ana' }, new Set()))).toEqual(['stranger', 'ana', [], []]);
});

test('whatever stands in a token or an entry, it is refused or names configured agents only, each once', () => {
  const someAct = fc.letrec((tie) => ({
    act: fc.oneof(
      { maxDepth: 12 },
      fc.record({ sub: fc.constantFrom(...AGENTS, 'stranger', ''), act: tie('act') }, { requiredKeys: ['sub'] }),
      fc.jsonValue(),
    ),
  })).act;
  const someClaims = fc.record(
    {
      sub: fc.jsonValue(),
      groups: fc.jsonValue(),
      act: someAct,
      azp: fc.constantFrom(...AGENTS),
      delegated_by: fc.jsonValue(),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(someClaims, fc.constantFrom({}, { agent: 'azp' }), (drawn, names) => {
      const claims: unknown = JSON.parse(JSON.stringify({ sub: 'ana', agent: 'worker', user: 'ana', ...drawn }));
      if (!isJsonObject(claims)) throw new Error('no object');
      for (const found of [identifyByClaims(claims, names, AGENTS), identifyByKey(claims, AGENTS)]) {
        expect(found.kind === 'refused' ? found.why : 'identified').not.toBe('');
        const line = lineOf(found);
        expect(line.filter((agent) => !AGENTS.has(agent))).toEqual([]);
        expect(new Set(line).size).toBe(line.length);
        expect(line.length).toBeLessThanOrEqual(8);
      }
    }),
    { numRuns: 1000 },
  );
});

function lineOf(found: Identified): readonly string[] {
  if (found.kind === 'refused') return [];
  const { id, delegated_by: behind } = found.identity.agent;
  return id === '' ? behind : [id, ...behind];
}
