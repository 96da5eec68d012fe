import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import * as z from 'zod';
import type { BundleSource } from '../../src/core/rego.ts';

const Case = z.looseObject({
  note: z.string(),
  query: z.string(),
  modules: z.array(z.string()).nullish(),
  data: z.record(z.string(), z.unknown()).nullish(),
  input: z.unknown().optional(),
  input_term: z.string().nullish(),
  want_result: z.array(z.record(z.string(), z.unknown())).nullish(),
  want_error: z.string().nullish(),
  want_error_code: z.string().nullish(),
  sort_bindings: z.boolean().nullish(),
});
type Case = z.output<typeof Case>;

/** One of OPA's own test cases, made into a bundle of ours. */
export interface OpaCase {
  readonly id: string;
  readonly note: string;
  readonly folder: string;
  /** Input as JSON text; absent where the case's input is no JSON. */
  readonly input: string | undefined;
  readonly wantsError: boolean;
  /** OPA compares the lists in the answer as sets. */
  readonly isUnordered: boolean;
  readonly source: BundleSource;
}

/** Reads OPA's cases from its Go module, in the version that `rego/go.mod` pins. */
export function readOpaCases(): readonly OpaCase[] {
  const folder = path.join(moduleFolder(), 'v1/test/cases/testdata/v1');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.yaml'));
  const cases = files.toSorted().flatMap((file) => {
    // YAML's numbers would lose digits beyond 2^53, so they stay text until they are written as JSON.
    const document: unknown = parse(readFileSync(path.join(folder, file), 'utf8'), {
      intAsBigInt: true,
      maxAliasCount: -1,
    });
    return z
      .object({ cases: z.array(Case) })
      .parse(document)
      .cases.map((one) => ({ one, folder: path.dirname(file) }));
  });
  return cases.map(({ one, folder: name }, index) => toOpaCase(one, name, index));
}

function moduleFolder(): string {
  const rego = new URL('../../rego/', import.meta.url);
  const answer = execFileSync('go', ['mod', 'download', '-json', 'github.com/open-policy-agent/opa'], {
    cwd: rego,
    encoding: 'utf8',
  });
  return z.object({ Dir: z.string() }).parse(JSON.parse(answer)).Dir;
}

const ROOT = 'case';

function toOpaCase(one: Case, folder: string, index: number): OpaCase {
  const id = `case-${index}`;
  const modules = (one.modules ?? []).map((text, place) => [`m${place}.rego`, moved(text)] as const);
  return {
    id,
    note: one.note,
    folder,
    input: inputOf(one),
    wantsError: one.want_error !== undefined || one.want_error_code !== undefined,
    isUnordered: one.sort_bindings === true,
    source: {
      id,
      root: ROOT,
      files: { ...Object.fromEntries(modules), 'asked.rego': question(one) },
      data: { [ROOT]: JSON.parse(toJson(one.data ?? {})) },
    },
  };
}

/** A bundle has one root, so everything that the case names below `data` moves below it. */
function moved(rego: string): string {
  return rego
    .replace(/^(\s*package\s+)/m, `$1${ROOT}.`)
    .replaceAll(/\bdata\./g, `data.${ROOT}.`)
    .replaceAll(/\bdata\[/g, `data.${ROOT}[`);
}

/** The query's variables become an element of a rule set; its text tells sets from arrays. */
function question(one: Case): string {
  const variables = [...new Set((one.want_result ?? [{ x: 0 }]).flatMap(Object.keys))];
  const answer = `{${variables.map((name) => `"${name}": ${name}`).join(', ')}}`;
  return [
    `package ${ROOT}`,
    '# METADATA',
    '# custom: {id: A-1}',
    `allow contains {"id": "A-1", "reason": "answer", "text": sprintf("%v", [[${answer}]])} if {`,
    moved(one.query),
    '}',
  ].join('\n');
}

function inputOf(one: Case): string | undefined {
  if (typeof one.input_term === 'string') return isJson(one.input_term) ? one.input_term : undefined;
  return one.input === undefined ? '{}' : toJson(one.input);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function toJson(value: unknown): string {
  if (typeof value === 'bigint') return value.toString();
  if (Array.isArray(value)) return `[${value.map(toJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return `{${Object.entries(value)
    .map(([key, member]) => `${JSON.stringify(key)}:${toJson(member)}`)
    .join(',')}}`;
}
