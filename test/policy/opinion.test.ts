import { describe, expect, it } from 'vitest';
import { LAYERS, type Layer } from '../../src/core/opinion.ts';
import { NO_PARTS, readOpinion, type RuleResolution, ruleSetProblems } from '../../src/policy/opinion.ts';
import { aRule } from './rules.ts';

const EMPTY = { allow: [], deny: [], hide: [], obligations: [], labels: [], capabilities: [], permit: [] };

function aResolution(part: Partial<RuleResolution> = {}): RuleResolution {
  const rules = new Map(['A-1', 'A-2'].map((id) => [id, aRule(id, { title: id })]));
  return {
    layer: 'server',
    rules,
    mode: 'enforce',
    ruleModes: {},
    counters: new Map([['calls', { hasCosts: false }]]),
    people: 'unverified',
    ...part,
  };
}

const read = (raw: object, part: Partial<RuleResolution> = {}) => readOpinion({ ...EMPTY, ...raw }, aResolution(part));
const why = (raw: object, part: Partial<RuleResolution> = {}) => {
  const opinion = read(raw, part);
  return opinion.kind === 'malformed' ? opinion.why : 'it is well formed';
};

describe('an opinion', () => {
  it('that says nothing is well formed', () => {
    expect(read({})).toEqual({ kind: 'ok', ...NO_PARTS });
  });

  it('has its verdicts with mode and whether they can be lifted; more keys are ignored', () => {
    const verdict = {
      id: 'A-1',
      reason: 'too_fast',
      params: { branch: 'main', n: 3 },
      title: 'ignored',
      retry: 'after',
    };
    expect(read({ deny: [verdict], allow: [{ id: 'A-2', reason: 'reads' }] })).toMatchObject({
      kind: 'ok',
      deny: [{ id: 'A-1', reason: 'too_fast', params: { branch: 'main', n: 3 }, mode: 'enforce', liftable: true }],
      allow: [{ id: 'A-2', reason: 'reads', params: {}, mode: 'enforce', liftable: false }],
    });
    expect(Object.keys(readDeny(verdict))).toEqual(['id', 'reason', 'params', 'mode', 'liftable']);
  });

  it('takes the mode of a rule before that of its bundle', () => {
    const deny = [
      { id: 'A-1', reason: 'a' },
      { id: 'A-2', reason: 'b' },
    ];
    expect(read({ deny }, { mode: 'warn', ruleModes: { 'A-2': 'enforce' } })).toMatchObject({
      deny: [{ mode: 'warn' }, { mode: 'enforce' }],
    });
  });

  it('gives no rule the mode of something every object has', () => {
    const rules = new Map([['constructor', aRule('constructor')]]);
    expect(read({ deny: [{ id: 'constructor', reason: 'a' }] }, { rules })).toMatchObject({
      deny: [{ mode: 'enforce' }],
    });
  });

  it('keeps capabilities in the mode of their bundle, because fewer of them could grant more', () => {
    const capabilities = [{ id: 'A-1', kind: 'server', value: 'payments' }];
    expect(read({ capabilities }, { layer: 'identity', ruleModes: { 'A-1': 'shadow' } })).toMatchObject({
      capabilities: [{ kind: 'server', value: 'payments', mode: 'enforce' }],
    });
  });

  it('cuts a long parameter, because it is the caller who wrote it', () => {
    const verdict = readDeny({ id: 'A-1', reason: 'a', params: { branch: 'x'.repeat(5000) } });
    expect(verdict.params['branch']).toBe(`${'x'.repeat(199)}…`);
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['true', true],
    ['a list', []],
    ['text', '{}'],
    ['a lacking rule set', { ...EMPTY, hide: undefined }],
    ['a rule set that is an object', { ...EMPTY, deny: {} }],
    ['another member', { ...EMPTY, allowed: [] }],
  ])('that is %s is malformed', (_what, raw) => {
    expect(readOpinion(raw, aResolution()).kind).toBe('malformed');
  });

  it.each<[string, object, string]>([
    ['an id without annotation', { deny: [{ id: 'B-1', reason: 'a' }] }, 'deny[0]: the id B-1 has no annotation'],
    ['no id', { deny: [{ reason: 'a' }] }, 'deny[0].id'],
    ['an id with a slash', { deny: [{ id: 'x/A-1', reason: 'a' }] }, 'is no rule id'],
    ['no reason', { allow: [{ id: 'A-1' }] }, 'allow[0].reason'],
    ['a reason of the gateway', { deny: [{ id: 'A-1', reason: 'gateway.no_grant.server' }] }, 'is no code'],
    ['a reason in words', { deny: [{ id: 'A-1', reason: 'You must retry' }] }, 'is no code'],
    ['text for an element', { deny: ['A-1'] }, 'deny[0]'],
    ['a parameter that is a list', { deny: [{ id: 'A-1', reason: 'a', params: { x: [] } }] }, 'params'],
    ['a parameter of a forbidden name', { deny: [{ id: 'A-1', reason: 'a', params: { constructor: 'x' } }] }, 'params'],
    ['too many elements', { deny: Array.from({ length: 1001 }, () => ({ id: 'A-1', reason: 'a' })) }, 'more than 1000'],
    ['a label in words', { labels: [{ id: 'A-1', label: 'Customer data' }] }, 'is no label'],
    ['a label with a line break', { labels: [{ id: 'A-1', label: 'pii\n' }] }, 'is no label'],
    ['a label with a control character', { labels: [{ id: 'A-1', label: 'p\u0000ii' }] }, 'is no label'],
    [
      'ten thousand labels',
      { labels: Array.from({ length: 10_000 }, (_, index) => ({ id: 'A-1', label: `l${index}` })) },
      'labels has more than 1000 elements',
    ],
    ['a label that fades at once', { labels: [{ id: 'A-1', label: 'pii', ttl_s: -1 }] }, 'labels[0]'],
  ])('with %s is malformed', (_what, raw, words) => {
    expect(why(raw)).toContain(words);
  });

  it('names no argument of the call in what is wrong with it', () => {
    expect(why({ deny: [{ id: 'A-1', reason: 'secret value 123' }] })).not.toContain('123');
    expect(why({ deny: [{ id: 'A-1', reason: 'a', params: { x: { y: 'secret 123' } } }] })).not.toContain('123');
  });
});

function readDeny(verdict: object) {
  const opinion = read({ deny: [verdict] });
  const [first] = opinion.kind === 'ok' ? opinion.deny : [];
  if (first === undefined) throw new Error('the opinion is malformed');
  return first;
}

describe('each layer says its own rule sets only', () => {
  const ELEMENTS: Readonly<Record<string, object>> = {
    allow: { id: 'A-1', reason: 'a' },
    deny: { id: 'A-1', reason: 'a' },
    hide: { id: 'A-1', reason: 'a' },
    obligations: { id: 'A-1', type: 'audit_required' },
    labels: { id: 'A-1', label: 'pii' },
    capabilities: { id: 'A-1', kind: 'scope', value: 'read' },
    permit: {
      id: 'A-1',
      lifts: ['github/GH-1'],
      requested_by: 'ana',
      approved_by: 'ben',
      justification: 'x',
      not_before: '2026-03-01T00:00:00Z',
      expires_at: '2026-03-02T00:00:00Z',
    },
  };
  const SAYS: Readonly<Record<Layer, string>> = {
    identity: 'deny capabilities',
    server: 'allow deny hide obligations labels',
    resource: 'allow deny hide obligations labels',
    workflow: 'deny obligations labels',
    compliance: 'deny obligations labels',
    override: 'deny permit',
  };

  it.each(LAYERS.flatMap((layer) => Object.keys(ELEMENTS).map((ruleSet) => [layer, ruleSet] as const)))(
    '%s and %s',
    (layer, ruleSet) => {
      const isSaid = SAYS[layer].split(' ').includes(ruleSet);
      expect(read({ [ruleSet]: [ELEMENTS[ruleSet]] }, { layer }).kind).toBe(isSaid ? 'ok' : 'malformed');
      expect(ruleSetProblems(layer, [ruleSet])).toHaveLength(isSaid ? 0 : 1);
    },
  );
});

describe('an obligation', () => {
  const obligation = (fields: object) => {
    const opinion = read({ obligations: [{ id: 'A-1', ...fields }] });
    return opinion.kind === 'ok' ? opinion.obligations[0] : opinion.why;
  };

  it.each<[object, object]>([
    [{ type: 'audit_required' }, {}],
    [{ type: 'redact', target: 'result', pointers: ['/rows/*/email', ''] }, {}],
    [{ type: 'require_approval' }, { by: 'user', quorum: 1, ttl_s: 0, remember: 'never' }],
    [{ type: 'require_approval', by: 'group:repo-owners', quorum: 2, ttl_s: 600, remember: 'pin' }, {}],
    [{ type: 'counter', name: 'calls', cost: 0.125 }, {}],
    [{ type: 'rate_limit', key: ['agent.id'], limit: 30, window_s: 60 }, {}],
    [{ type: 'deadline', ms: 500 }, {}],
    [{ type: 'warn', text: 'Nearly spent' }, {}],
    [{ type: 'label', label: 'pii', ttl_s: 60 }, {}],
    [{ type: 'label', label: 'pii' }, { ttl_s: 0 }],
    [{ type: 'warn', text: 'x', advice: true }, {}],
  ])('%j is read', (fields, defaults) => {
    expect(obligation(fields)).toEqual({ id: 'A-1', mode: 'enforce', advice: false, ...fields, ...defaults });
  });

  it('of a type that this version does not know keeps its fields', () => {
    expect(obligation({ type: 'notify', channel: '#ops', advice: true })).toEqual({
      id: 'A-1',
      mode: 'enforce',
      advice: true,
      type: 'unknown',
      name: 'notify',
      fields: { channel: '#ops' },
    });
    expect(obligation({ type: 'unknown', name: 'warn', text: 'x' })).toMatchObject({
      type: 'unknown',
      name: 'unknown',
    });
  });

  it('to warn has a text that hides nothing', () => {
    expect(obligation({ type: 'warn', text: 'Nearly\u202E spent\n' })).toMatchObject({ text: 'Nearly spent' });
  });

  it.each<[object]>([
    [{ type: 'redact', target: 'request', pointers: ['/a'] }],
    [{ type: 'redact', target: 'result', pointers: [] }],
    [{ type: 'redact', target: 'result', pointers: ['a.b'] }],
    [{ type: 'require_approval', by: 'everybody' }],
    [{ type: 'require_approval', by: 'user', quorum: 2 }],
    [{ type: 'require_approval', quorum: 0 }],
    [{ type: 'require_approval', remember: 'always' }],
    [{ type: 'counter', name: 'calls', cost: -1 }],
    [{ type: 'counter', name: 'calls', cost: 0.0005 }],
    [{ type: 'counter', name: 'calls', cost: '5' }],
    [{ type: 'counter', name: 'calls' }],
    [{ type: 'counter', name: 'undeclared', cost: 1 }],
    [{ type: 'rate_limit', key: ['action.args.user'], limit: 1, window_s: 60 }],
    [{ type: 'rate_limit', key: [], limit: 1, window_s: 60 }],
    [{ type: 'rate_limit', key: ['agent.id'], limit: 1.5, window_s: 60 }],
    [{ type: 'rate_limit', key: ['agent.id'], limit: 1, window_s: 0 }],
    [{ type: 'deadline', ms: 0 }],
    [{ type: 'warn' }],
    [{ type: 'label', label: '' }],
    [{ type: 'audit_required', advice: 'yes' }],
    [{ type: 7 }],
    [{}],
  ])('%j is malformed', (fields) => {
    expect(obligation(fields)).toEqual(expect.stringMatching(/^obligations/));
  });
});

describe('a capability', () => {
  it.each<[string, string, 'ok' | 'malformed']>([
    ['server', 'code-host', 'ok'],
    ['server', '*', 'ok'],
    ['server', 'code*', 'malformed'],
    ['server', 'Code Host', 'malformed'],
    ['tool', 'code-host/merge', 'ok'],
    ['tool', 'code-host/*', 'ok'],
    ['tool', '*/merge', 'ok'],
    ['tool', '*/*', 'ok'],
    ['tool', 'code-host/a/b', 'ok'],
    ['tool', 'merge', 'malformed'],
    ['tool', 'code-host/', 'malformed'],
    ['tool', 'code-host/merge_*', 'malformed'],
    ['tool', '*', 'malformed'],
    ['scope', 'repo:read', 'ok'],
    ['scope', 'two words', 'malformed'],
    ['data_class', 'pii', 'ok'],
    ['data_class', '', 'malformed'],
    ['colour', 'blue', 'malformed'],
  ])('of kind %s may be %j: %s', (kind, value, expected) => {
    expect(read({ capabilities: [{ id: 'A-1', kind, value }] }, { layer: 'identity' }).kind).toBe(expected);
  });
});

describe('a permit', () => {
  const permit = {
    id: 'A-1',
    lifts: ['github/GH-201', 'gateway.no_grant.resource', 'gateway.unpolicied_server'],
    requested_by: 'ana',
    approved_by: 'ben',
    justification: 'an incident',
    not_before: '2026-03-01T00:00:00Z',
    expires_at: '2026-03-02T00:00:00+01:00',
  };

  it('is read as it is written', () => {
    expect(read({ permit: [permit] }, { layer: 'override', people: 'verified' })).toMatchObject({
      permit: [{ people: 'verified' }],
    });
    expect(read({ permit: [permit] }, { layer: 'override' })).toMatchObject({
      permit: [{ ...permit, people: 'unverified', mode: 'enforce' }],
    });
  });

  it.each<[string, object]>([
    ['lifts nothing', { lifts: [] }],
    ['lifts a reason', { lifts: ['protected_branch'] }],
    ['lifts what cannot be lifted', { lifts: ['gateway.error.server'] }],
    ['lifts by pattern', { lifts: ['github/*'] }],
    ['has no offset in its time', { expires_at: '2026-03-02T00:00:00' }],
    ['has no approver at all', { approved_by: undefined }],
  ])('that %s is malformed', (_what, change) => {
    expect(read({ permit: [{ ...permit, ...change }] }, { layer: 'override' }).kind).toBe('malformed');
  });
});
