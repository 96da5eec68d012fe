import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NO_CONTEXT, NO_RESULT, type PolicyInput } from '../../src/core/policy-input.ts';
import { createMasker, type KeptArguments, type MaskingOptions } from '../../src/state/masking.ts';
import { keyedHash, obtainChainKey } from '../../src/state/chain-key.ts';
import { aFolder } from './support.ts';

const HASH = /^hmac:[0-9a-f]{12}$/;
const key = obtainChainKeyOnce();

function obtainChainKeyOnce() {
  let made: ReturnType<typeof obtainChainKey> | undefined;
  return () => (made ??= obtainChainKey(aFolder()));
}

function aMasker(options: Partial<MaskingOptions> = {}) {
  return createMasker({
    arguments: 'redacted',
    redact: [],
    secrets: [],
    keyedHash: (value) => keyedHash(key(), value),
    ...options,
  });
}

function anInput(args: Record<string, unknown>, action: Partial<PolicyInput['action']> = {}): PolicyInput {
  return {
    agent: { id: 'a', scope: '', owner_team: '', model: '', client: { name: '', version: '' }, delegated_by: [] },
    user: { id: 'u', groups: [], data_classifications_authorized: [] },
    identity: { capabilities: {} },
    server: { id: 's', package: '', version: '', region: '', trust: '', pinned: false },
    action: {
      type: 'tool_call',
      tool: 't',
      resource: '',
      prompt: '',
      ref: {},
      request: {},
      args,
      annotations: {},
      effect: 'read',
      consent: 'accepted',
      result: NO_RESULT,
      schema_checked: true,
      data_classes_referenced: [],
      hash: '',
      ...action,
    },
    context: NO_CONTEXT,
    budgets: {},
    claims: { present: [], model: '', turn_count: 0, cumulative_tokens: 0, conversation_id: '' },
    environment: {
      region: '',
      time: '',
      time_ms: 0,
      weekday: 'monday',
      timezone: 'UTC',
      is_production: false,
      labels: {},
      gateway: '',
    },
  };
}

const pem = `-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----`;
const jwt = `eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U`;
const letters = (count: number): string => 'aB3dE6gH9'.repeat(count).slice(0, count);

test('what holds no secret stays as it is, value for value', () => {
  const input = anInput({
    path: '/tmp/x',
    list: [1, 2.5, true, null, { deep: 'text' }],
    note: 'task-force-of-some-length',
  });
  const { input: kept, masked, hidden } = aMasker({ secrets: ['never-there'] }).maskInput(input, []);
  expect(kept).toBe(input);
  expect([masked, hidden.size]).toEqual([[], 0]);
});

describe('key patterns', () => {
  test.each([
    ['sk-', `sk-${letters(24)}`],
    ['sk- with more words', `sk-ant-api03-${letters(24)}`],
    ['Stripe', `sk_live_${letters(24)}`],
    ['GitHub', `ghp_${letters(36)}`],
    ['GitHub, fine-grained', `github_pat_${letters(22)}`],
    ['GitLab', `glpat-${letters(20)}`],
    ['npm', `npm_${letters(36)}`],
    ['Hugging Face', `hf_${letters(34)}`],
    ['AWS', 'AKIAIOSFODNN7EXAMPLE'],
    ['Google', `AIza${letters(35)}`],
    ['Slack', `xoxb-123456789012-${letters(12)}`],
    ['JSON Web Token', jwt],
    ['PEM', pem],
    ['password in an address', 'postgres://ada:s3cret@db.example/x'],
  ])('%s is masked wherever it stands', (_name, secret) => {
    const input = anInput({ a: secret, b: { c: [`text before ${secret} and after`] }, d: 'kept' });
    const { input: kept, masked } = aMasker().maskInput(input, []);
    expect(JSON.stringify(kept)).not.toContain(JSON.stringify(secret).slice(1, -1));
    expect(masked).toEqual(['/action/args/a', '/action/args/b/c/0']);
    expect(kept.action.args['a']).toMatch(HASH);
    expect(kept.action.args['d']).toBe('kept');
  });

  test('a hostile text takes linear time', () => {
    for (const piece of ['eyJ', '-eyJ-', 'sk-', '://a', 'ghp_', '-----BEGIN A ', 'x:y@']) {
      const { masked } = aMasker().maskInput(anInput({ a: piece.repeat(300_000) }), []);
      expect(masked.length).toBeLessThanOrEqual(1);
    }
  });

  test('resource, prompt, ref, request and claims are searched too', () => {
    const secret = `ghp_${letters(36)}`;
    const input = anInput(
      {},
      { resource: `x://${secret}`, prompt: secret, ref: { a: secret }, request: { b: secret } },
    );
    const { input: kept, masked } = aMasker().maskInput({ ...input, claims: { ...input.claims, model: secret } }, []);
    expect(JSON.stringify(kept)).not.toContain(secret);
    expect(masked).toEqual([
      '/action/prompt',
      '/action/ref/a',
      '/action/request/b',
      '/action/resource',
      '/claims/model',
    ]);
  });

  test('a key that is the name of a member is masked', () => {
    const secret = `ghp_${letters(36)}`;
    const { input: kept, masked } = aMasker().maskInput(anInput({ a: { [secret]: 1 } }), []);
    expect(JSON.stringify(kept)).not.toContain(secret);
    expect(masked).toEqual(['/action/args/a']);
  });
});

describe('pointers', () => {
  test.each([
    ['/a', ['/action/args/a']],
    ['/b/*/c', ['/action/args/b/0/c', '/action/args/b/1/c']],
    ['/b/1', ['/action/args/b/1']],
    ['/*', ['/action/args/a', '/action/args/b', '/action/args/x~1y~0z']],
    ['/x~1y~0z', ['/action/args/x~1y~0z']],
    ['/nothing/here', []],
    ['', ['/action/args']],
  ])('%s masks %j', (pointer, expected) => {
    const args = { a: 17, b: [{ c: 'one' }, { c: { d: 'two' } }], 'x/y~z': null };
    const { masked } = aMasker({ redact: [pointer] }).maskInput(anInput(args), []);
    expect(masked).toEqual(expected);
    expect(aMasker().maskInput(anInput(args), [pointer])).toEqual(
      aMasker({ redact: [pointer] }).maskInput(anInput(args), []),
    );
  });

  test('equal values have equal hashes, and a number is not its text', () => {
    const { input: kept } = aMasker({ redact: ['/*'] }).maskInput(anInput({ a: 'x', b: 'x', c: 1, d: '1' }), []);
    const { a, b, c, d } = kept.action.args;
    expect(a).toMatch(HASH);
    expect(a).toBe(b);
    expect(c).not.toBe(d);
  });
});

describe('known secrets', () => {
  test('are found inside other text when long, alone when short', () => {
    const masker = aMasker({ secrets: ['correct-horse', 'abcd', 'ab'] });
    const args = { a: 'x correct-horse y', b: 'abcd', c: 'xabcdx', d: 'ab', e: 12345678 };
    expect(masker.maskInput(anInput(args), []).masked).toEqual(['/action/args/a', '/action/args/b']);
    expect(aMasker({ secrets: ['12345678'] }).maskInput(anInput(args), []).masked).toEqual(['/action/args/e']);
  });

  test('G-83 never reach a record, whatever the arguments are', () => {
    const secret = 'S3cr3t-Value';
    const value = fc.letrec((tie) => ({
      any: fc.oneof(
        { depthSize: 'small' },
        fc.string(),
        fc.constant(secret),
        fc.string().map((text) => `${text}${secret}`),
        fc.integer(),
        fc.array(tie('any')),
        fc.dictionary(fc.oneof(fc.string(), fc.constant(secret)), tie('any')),
      ),
    })).any;
    const modes: readonly KeptArguments[] = ['redacted', 'full', 'hashed', 'none'];
    fc.assert(
      fc.property(fc.dictionary(fc.string(), value), fc.constantFrom(...modes), (args, kept) => {
        const { input } = aMasker({ arguments: kept, secrets: [secret] }).maskInput(anInput(args), []);
        expect(JSON.stringify(input)).not.toContain(secret);
      }),
    );
  });
});

test.each([
  ['full', { a: `ghp_${letters(36)}`, p: expect.stringMatching(HASH), n: { m: 5 } }, ['/action/args/p']],
  [
    'hashed',
    { a: expect.stringMatching(HASH), p: expect.stringMatching(HASH), n: { m: expect.stringMatching(HASH) } },
    ['/action/args'],
  ],
  ['none', {}, ['/action/args']],
] as const)('arguments: %s', (mode, args, expected) => {
  const input = anInput({ a: `ghp_${letters(36)}`, p: 'named', n: { m: 5 } });
  const { input: kept, masked } = aMasker({ arguments: mode, redact: ['/p'] }).maskInput(input, ['/n/m']);
  expect(kept.action.args).toEqual(args);
  expect(masked).toEqual(expected);
});

test('what a rule quotes of a masked value is masked with it', () => {
  const masker = aMasker({ redact: ['/token'] });
  const { hidden } = masker.maskInput(anInput({ token: 'tok-12345', repo: 'x' }), []);
  const opinions = [{ id: 'GH-1', params: { quoted: 'the token tok-12345', other: 'x', n: 3 } }];
  expect(masker.maskQuotes(opinions, hidden)).toEqual([
    { id: 'GH-1', params: { quoted: expect.stringMatching(HASH), other: 'x', n: 3 } },
  ]);
  expect(masker.maskQuotes(opinions, new Set())).toBe(opinions);
});

test('policy wants places masked whatever is kept of arguments', () => {
  const input = anInput({ customer: { email: 'ada@example.com' }, note: 'mail ada@example.com' });
  const { input: kept, masked } = aMasker({ arguments: 'full' }).maskInput(input, [], ['/customer/email']);
  expect(masked).toEqual(['/action/args/customer/email']);
  expect(kept.action.args).toMatchObject({ customer: { email: expect.stringMatching(HASH) as string } });
});

test('of a result a record has the facts and a hash of its text, unless all is kept', () => {
  const result = {
    ...NO_RESULT,
    bytes: 40,
    data_classes: { email: 1 },
    text: 'ada@example.com',
    structured: { a: 'b' },
  };
  const input = anInput({}, { result });
  const { input: kept, masked } = aMasker().maskInput(input, []);
  expect(masked).toEqual(['/action/result/structured', '/action/result/text']);
  expect(kept.action.result).toEqual({ ...result, structured: {}, text: expect.stringMatching(HASH) as string });
  expect(aMasker({ arguments: 'none' }).maskInput(input, []).input.action.result).toEqual({
    ...result,
    structured: {},
    text: '',
  });
  const full = aMasker({ arguments: 'full', secrets: ['ada@example.com'] }).maskInput(input, []).input.action.result;
  expect(full).toEqual({ ...result, text: expect.stringMatching(HASH) as string });
});

test('keys and known secrets are masked in any value', () => {
  const masker = aMasker({ arguments: 'full', secrets: ['open-sesame'] });
  expect(masker.maskSecrets({ a: ['say open-sesame', jwt], b: 7 })).toEqual({
    a: [expect.stringMatching(HASH) as string, expect.stringMatching(HASH) as string],
    b: 7,
  });
});
