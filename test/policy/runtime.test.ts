import { beforeAll, describe, expect, it } from 'vitest';
import { HOST_BUILTINS } from '../../src/policy/builtins.ts';
import type { Evaluated } from '../../src/policy/evaluation.ts';
import { loadModule } from '../../src/policy/module.ts';
import { rewriteModule } from '../../src/policy/rewrite.ts';
import { PolicyRuntime } from '../../src/policy/runtime.ts';
import { toolchain } from '../shared-toolchain.ts';

const FUEL = 2_000_000;

/** Bundles that each answer by what they allow; what their rules may do is in the input. */
const REGO: Readonly<Record<string, string>> = {
  divides: 'allow contains {"id": "A-1", "reason": "r", "params": {"quotient": 10 / input.by}}',
  converts: 'allow contains {"id": "A-1", "reason": "r"} if to_number(input.text) > 0',
  matches: 'allow contains {"id": "A-1", "reason": "r"} if regex.match(input.pattern, input.text)',
  parses: 'allow contains {"id": "A-1", "reason": "r"} if json.unmarshal(input.text)',
  ranges: 'allow contains {"id": "A-1", "reason": "r"} if count(numbers.range(1, input.to)) > 0',
  fails: 'allow contains {"id": "A-1", "reason": "r"} if time.parse_rfc3339_ns(input.text) > 0',
  conflicts:
    'value := 1 if input.first\nvalue := 2 if input.second\nallow contains {"id": "A-1", "reason": "r"} if value > 0',
  largest:
    'allow contains {"id": "A-1", "reason": "r"} if max([1 | input.some]) == 1\ndeny contains {"id": "D-1", "reason": "r"} if not max({1 | input.some})',
  runs: 'allow contains {"id": "A-1", "reason": "r"} if count([1 | some a in input.list; some b in input.list; some c in input.list; a + b == c]) == 0',
  many: 'allow contains {"id": "A-1", "reason": "r", "params": {"found": count([p | some p in input.patterns; regex.match(p, input.text)])}}',
  clock: 'allow contains {"id": "A-1", "reason": "r", "params": {"now": time.now_ns()}}',
  granted: 'allow contains {"id": "A-1", "reason": scope} if some scope in input.identity.capabilities.scope',
};

let built: Awaited<ReturnType<typeof build>>;
beforeAll(async () => {
  built = await build();
});

async function build() {
  const bundles = Object.entries(REGO).map(([id, rego]) => ({
    id,
    root: 'policy',
    files: { 'policy.rego': `package policy\n\n${rego}\n` },
    data: { policy: {} },
  }));
  const result = await toolchain.build({ bundles, library: {} });
  if (result.kind === 'refused') throw new Error(result.problems.map(({ message }) => message).join('\n'));
  return { module: loadModule(rewriteModule(result.module.wasm)), bundles: result.module.bundles };
}

function aRuntime(options: { headroomBytes?: number } = {}) {
  const runtime = new PolicyRuntime(built.module, {
    data: '{"bundle": {}}',
    builtins: HOST_BUILTINS,
    monotonic: () => 0,
    print: () => undefined,
    ...options,
  });
  return {
    runtime,
    ask: (bundle: string, input: unknown, fuel = FUEL): Evaluated => {
      runtime.open({ input: JSON.stringify(input), nowNs: 1_700_000_000_000_000_007n });
      return runtime.evaluate(built.bundles[bundle]?.entrypointPath ?? '', fuel);
    },
  };
}

/** What the bundle allows, or what became of asking it. */
function said(evaluated: Evaluated): unknown {
  return evaluated.kind === 'value' ? Object(JSON.parse(evaluated.text)).allow : evaluated.kind;
}

describe('a built-in function that fails', () => {
  it.each([
    ['divides', { by: 0 }, 'div failed'],
    ['converts', { text: 'abc' }, 'to_number failed'],
    ['matches', { pattern: '(', text: 'abc' }, 'regex.match failed'],
    ['parses', { text: '{' }, 'json.unmarshal failed: the text is not JSON'],
    ['ranges', { to: 1.5 }, 'numbers.range failed'],
    ['fails', { text: 'tomorrow' }, 'time.parse_rfc3339_ns failed: the text does not follow the layout'],
    ['fails', { text: 7 }, 'time.parse_rfc3339_ns failed: operand 1 must be string but got number'],
  ])('is an error of the rule that calls it: %s', (bundle, input, why) => {
    expect(aRuntime().ask(bundle, input)).toMatchObject({ kind: 'error', why });
  });

  it('is no failure where there is nothing to choose the largest of', () => {
    const evaluated = aRuntime().ask('largest', {});
    expect(evaluated.kind === 'value' && JSON.parse(evaluated.text)).toMatchObject({
      allow: [],
      deny: [{ id: 'D-1' }],
    });
  });
});

describe('an evaluation that is thrown out of', () => {
  it('leaves the next one unharmed, however often it happens', () => {
    const { ask } = aRuntime();
    const good = { by: 4 };
    const before = ask('divides', good);
    for (let round = 0; round < 60; round += 1) {
      expect(ask('divides', { by: 0 }).kind).toBe('error');
      expect(ask('conflicts', { first: true, second: true })).toMatchObject({ kind: 'error' });
    }
    expect(ask('divides', good)).toEqual(before);
  });

  it('does not take the input from the others of the same decision', () => {
    const { ask, runtime } = aRuntime();
    expect(ask('divides', { by: 0, text: '12' }).kind).toBe('error');
    expect(said(runtime.evaluate(built.bundles['converts']?.entrypointPath ?? '', FUEL))).toEqual([
      { id: 'A-1', reason: 'r' },
    ]);
  });

  it('says which rule values conflict', () => {
    const evaluated = aRuntime().ask('conflicts', { first: true, second: true });
    expect(evaluated).toMatchObject({ kind: 'error', why: expect.stringContaining('conflict') });
  });
});

describe('fuel', () => {
  const list = Array.from({ length: 400 }, (_, index) => index * 2 + 1);

  it('stops a rule that runs away', () => {
    expect(aRuntime().ask('runs', { list })).toEqual({
      kind: 'timeout',
      why: `it used up its fuel of ${FUEL}`,
      fuel: FUEL,
    });
  });

  it('is enough for the same rule over less', () => {
    const evaluated = aRuntime().ask('runs', { list: list.slice(0, 20) });
    expect(evaluated.kind).toBe('value');
    expect(evaluated.fuel).toBeGreaterThan(8_000);
  });

  it('burns the same for the same input, cold and warm, after others and after a failure', () => {
    const { ask } = aRuntime();
    const input = { patterns: ['^a+b$', '[0-9]{3}', 'x|y|z'], text: 'aaab 123' };
    const first = ask('many', input).fuel;
    const burned = Array.from({ length: 300 }, (_, round) => {
      if (round % 7 === 0) ask('many', { patterns: [`p${round}`], text: 'other' });
      if (round % 50 === 0) ask('divides', { by: 0 });
      return ask('many', input).fuel;
    });
    expect(new Set(burned)).toEqual(new Set([first]));
  });

  it('is charged for the texts that regular expressions read', () => {
    const { ask } = aRuntime();
    const short = ask('matches', { pattern: 'a$', text: 'a' }).fuel;
    const long = ask('matches', { pattern: 'a$', text: 'a'.repeat(10_001) }).fuel;
    expect(long - short).toBeGreaterThanOrEqual(10_000);
  });
});

describe('memory', () => {
  it('has an end, which is an error, and the next question is answered', () => {
    const { ask } = aRuntime({ headroomBytes: 1 << 20 });
    expect(ask('ranges', { to: 1e9 })).toMatchObject({ kind: 'error', why: 'opa_malloc: failed' });
    expect(said(ask('ranges', { to: 3 }))).toEqual([{ id: 'A-1', reason: 'r' }]);
  });
});

describe('regular expressions', () => {
  it('stay right when more of them are in use than OPA keeps', () => {
    const { ask } = aRuntime();
    const patterns = Array.from({ length: 250 }, (_, index) => `^word${index}$`);
    for (let round = 0; round < 3; round += 1) {
      expect(said(ask('many', { patterns, text: 'word42' }))).toEqual([
        { id: 'A-1', reason: 'r', params: { found: 1 } },
      ]);
    }
  });
});

describe('the input', () => {
  it('is read with the one time of the decision', () => {
    expect(JSON.stringify(said(aRuntime().ask('clock', {})))).toContain('1700000000000000000');
  });

  it('can be added to after it was parsed', () => {
    const { ask, runtime } = aRuntime();
    expect(said(ask('granted', { identity: { capabilities: {} } }))).toEqual([]);
    runtime.addToInput(['identity', 'capabilities'], '{"scope": ["read"]}');
    const evaluated = runtime.evaluate(built.bundles['granted']?.entrypointPath ?? '', FUEL);
    expect(said(evaluated)).toEqual([{ id: 'A-1', reason: 'read' }]);
  });

  it('with half a surrogate pair is an error, not another text', () => {
    expect(aRuntime().ask('converts', { text: '\ud800' }).kind).toBe('error');
  });
});

describe('an entrypoint that is not there', () => {
  it('is an error', () => {
    expect(aRuntime().ask('nobody', {}).kind).toBe('error');
  });
});
