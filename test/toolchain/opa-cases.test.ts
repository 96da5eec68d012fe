import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import type { BuiltModule } from '../../src/core/rego.ts';
import { HOST_BUILTINS } from '../../src/policy/builtins.ts';
import type { Evaluated } from '../../src/policy/evaluation.ts';
import { loadModule } from '../../src/policy/module.ts';
import { NATIVE_BUILTINS } from '../../src/policy/native-builtins.ts';
import { rewriteModule } from '../../src/policy/rewrite.ts';
import { PolicyRuntime } from '../../src/policy/runtime.ts';
import { arrayTerm, setTerm, type Term } from '../../src/policy/term.ts';
import { parseTerm, regoText } from '../../src/policy/term-text.ts';
import { Toolchain } from '../../src/rego/toolchain.ts';
import { NativeToolchain } from './native-toolchain.ts';
import { type OpaCase, readOpaCases } from './opa-case.ts';

const Builtins = z.object({ native: z.array(z.string()), host: z.array(z.string()) });
const builtins = Builtins.parse(JSON.parse(readFileSync(new URL('../../rego/builtins.json', import.meta.url), 'utf8')));

const NOW_NS = 1_700_000_000_000_000_000n;
const FUEL = 2_000_000_000;
const TOGETHER = 40;

/** Cases that no bundle can be made of; none is about a built-in function. */
const NOT_RUN: ReadonlySet<string> = new Set([
  // Their data has numbers as keys: YAML can say so, JSON and so a bundle cannot.
  'data/toplevel integer',
  'data/nested integer',
  // OPA's planner refuses the dynamic reference, for any WebAssembly module.
  'ir/call-dynamic with ref heads and unrelated rule (issue 7399)',
]);

/** Built-ins that Rego writes as signs or words. */
const SIGNS: Readonly<Record<string, string>> = {
  plus: '+',
  minus: ' - ',
  mul: '*',
  div: '/',
  rem: ' % ',
  and: '&',
  or: '|',
  equal: '==',
  neq: '!=',
  lt: '<',
  lte: '<=',
  gt: '>',
  gte: '>=',
  'internal.member_2': ' in ',
  'internal.member_3': ' in ',
  'internal.template_string': '$"',
};

describe('G-72 OPA’s own test cases', () => {
  const toolchain = new Toolchain({ limitMs: 60_000, maxMemoryBytes: 2_000_000_000 });
  const folder = mkdtempSync(join(tmpdir(), 'opa-cases-'));
  afterAll(async () => {
    await toolchain.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('come out of our runtime as out of OPA’s interpreter', { timeout: 3_600_000 }, async () => {
    const native = new NativeToolchain(join(folder, 'toolchain'));
    const asked: OpaCase[] = [];
    const differences: string[] = [];
    const refused = new Map<string, number>();
    const cases = readOpaCases().filter(({ note, input }) => input !== undefined && !NOT_RUN.has(note));
    for (let start = 0; start < cases.length; start += TOGETHER) {
      const admitted = admittedOf(cases.slice(start, start + TOGETHER), native, refused);
      if (admitted.length === 0) continue;
      const module = await build(admitted, toolchain);
      const runtime = runtimeOf(module, admitted);
      for (const one of admitted) {
        asked.push(one);
        runtime.open({ input: one.input ?? '{}', nowNs: NOW_NS });
        const path = module.bundles[one.id]?.entrypointPath ?? '';
        const ours = answerOf(runtime.evaluate(path, FUEL), one);
        const opas = interpret(one, native);
        if (ours !== opas) differences.push(`${one.folder}: ${one.note}: ${ours} instead of ${opas}`);
      }
    }
    const counts = casesByBuiltin(asked);
    console.log('cases compared', asked.length, 'refused by the toolchain', Object.fromEntries(refused));
    console.log('cases by built-in', counts);
    expect(differences).toEqual([]);
    expect(asked.length).toBeGreaterThan(1_450);
    expect(builtins.host.filter((name) => counts[name] === undefined)).toEqual([]);
  });

  it('are run for what the toolchain admits and nothing else', () => {
    expect(builtins.host.filter((name) => !HOST_BUILTINS.has(name))).toEqual([]);
    expect([...NATIVE_BUILTINS.values()].filter((name) => !builtins.native.includes(name))).toEqual([]);
  });
});

/** Leaves out what the toolchain refuses, until the rest can be built. */
function admittedOf(
  cases: readonly OpaCase[],
  native: NativeToolchain,
  refused: Map<string, number>,
): readonly OpaCase[] {
  if (cases.length === 0) return [];
  const result = native.build({ bundles: cases.map(({ source }) => source), library: {} });
  if (result.kind === 'built') return cases;
  const codes = new Map(result.problems.map(({ bundle, code }) => [bundle, code]));
  for (const code of codes.values()) refused.set(code, (refused.get(code) ?? 0) + 1);
  return admittedOf(
    cases.filter(({ id }) => !codes.has(id)),
    native,
    refused,
  );
}

async function build(cases: readonly OpaCase[], toolchain: Toolchain): Promise<BuiltModule> {
  const result = await toolchain.build({ bundles: cases.map(({ source }) => source), library: {} });
  if (result.kind === 'built') return result.module;
  throw new Error(result.problems.map(({ bundle, message }) => `${bundle}: ${message}`).join('\n'));
}

function runtimeOf(module: BuiltModule, cases: readonly OpaCase[]): PolicyRuntime {
  return new PolicyRuntime(loadModule(rewriteModule(module.wasm)), {
    data: JSON.stringify({ bundle: Object.fromEntries(cases.map(({ id, source }) => [id, source.data])) }),
    builtins: HOST_BUILTINS,
    monotonic: () => 0,
    print: () => undefined,
  });
}

function interpret(one: OpaCase, native: NativeToolchain): string {
  const answer = native.evaluate({
    bundles: [one.source],
    library: {},
    entrypoint: one.id,
    inputs: [{ input: JSON.parse(one.input ?? '{}'), timeNs: String(NOW_NS) }],
  });
  const [result] = answer.kind === 'evaluated' ? answer.results : [];
  if (result === undefined) throw new Error(`${one.note} cannot be interpreted`);
  if (result.error !== undefined) return 'error';
  return answerOf(
    result.value === undefined
      ? { kind: 'undefined', fuel: 0 }
      : { kind: 'value', text: JSON.stringify(result.value), fuel: 0 },
    one,
  );
}

const Decision = z.object({ allow: z.array(z.object({ text: z.string() })) });

/** The answers of the case's query in Rego's words, which tell sets from lists. */
function answerOf(evaluated: Evaluated, { isUnordered }: OpaCase): string {
  if (evaluated.kind !== 'value') return evaluated.kind;
  const texts = Decision.parse(JSON.parse(evaluated.text)).allow.map(({ text }) => text);
  const answers = isUnordered ? texts.map((text) => regoText(unordered(parseTerm(text)))) : texts;
  return JSON.stringify(answers.toSorted());
}

function unordered(term: Term): Term {
  if (typeof term !== 'object' || term === null || term.kind === 'number') return term;
  if (term.kind === 'object') {
    return { ...term, entries: term.entries.map(([key, value]) => [key, unordered(value)] as const) };
  }
  const items = term.items.map(unordered);
  return term.kind === 'set' ? setTerm(items) : arrayTerm(setTerm(items).items);
}

function casesByBuiltin(cases: readonly OpaCase[]): Readonly<Record<string, number>> {
  // Less the line that makes an element of the query's answer, which calls sprintf.
  const texts = cases.map(({ source }) =>
    Object.values(source.files)
      .join('\n')
      .replaceAll(/^allow contains .*$/gm, ''),
  );
  const names = [...builtins.native, ...builtins.host].toSorted();
  const counts = names.map((name) => {
    const sign = SIGNS[name] ?? `${name}(`;
    return [name, texts.filter((text) => text.includes(sign)).length] as const;
  });
  return Object.fromEntries(counts.filter(([, count]) => count > 0));
}
