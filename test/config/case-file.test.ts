import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { casesJsonSchema, readCases } from '../../src/config/case-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'case-file-'));
afterAll(() => rmSync(folder, { recursive: true }));

const HEAD = [
  'version: 1',
  'time: 2026-01-14T10:00:00+01:00',
  'principals:',
  '  sam: { agent: coder, user: sam }',
  'cases:',
];

function read(...lines: readonly string[]): ReturnType<typeof readCases> {
  const path = join(folder, 'cases.yaml');
  writeFileSync(path, `${lines.join('\n')}\n`);
  return readCases(path, folder);
}

function problemsOf(...lines: readonly string[]): string {
  try {
    read(...lines);
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : '';
  }
  return '';
}

describe('a case file', () => {
  it('takes one value or a list of several, and an effect alone', () => {
    const { cases } = read(
      ...HEAD,
      '  - { name: one, principal: sam, tool: files/read, expect: allow }',
      "  - { name: all, principal: '*', tool: [files/read, files/w*], args: [{ a: 1 }, small], expect: { effect: deny } }",
      'samples: { files/read: { small: {} } }',
    );
    expect(cases.time).toBe(Date.parse('2026-01-14T09:00:00Z'));
    expect(
      cases.cases.map(({ principal, tool, args, expect: expected }) => ({ principal, tool, args, expected })),
    ).toEqual([
      { principal: ['sam'], tool: ['files/read'], args: undefined, expected: { effect: 'allow' } },
      {
        principal: ['*'],
        tool: ['files/read', 'files/w*'],
        args: [{ a: 1 }, 'small'],
        expected: { effect: 'deny' },
      },
    ]);
  });

  it('leaves texts as they are, also those that look like references', () => {
    const { cases } = read(
      ...HEAD,
      "  - { name: n, principal: sam, tool: f/r, args: { text: '${HOME} $$ ${file:x}' }, expect: allow }",
    );
    expect(cases.cases[0]?.args).toEqual([{ text: '${HOME} $$ ${file:x}' }]);
  });

  it.each([
    [
      'an unknown key',
      '  - { name: n, principl: sam, tool: f/r, expect: allow }',
      /cases.yaml:6:16 .*unknown key "principl"/,
    ],
    ['its neighbour', '  - { name: n, principl: sam, tool: f/r, expect: allow }', /did you mean "principal"\?/],
    ['an unknown principal', '  - { name: n, principal: sma, tool: f/r, expect: allow }', /:6:27 .*no principal "sma"/],
    ['who is meant', '  - { name: n, principal: sma, tool: f/r, expect: allow }', /did you mean "sam"\?/],
    ['an effect that is none', '  - { name: n, principal: sam, tool: f/r, expect: denied }', /:6:51 .*denied/],
    [
      'an unknown sample',
      '  - { name: n, principal: sam, tool: f/r, args: big, expect: deny }',
      /:6:49 .*no sample "big"/,
    ],
    [
      'a tool without its server',
      '  - { name: n, principal: sam, tool: read, expect: deny }',
      /:6:38 .*not <server>\/<tool>/,
    ],
    [
      'a time without an offset',
      '  - { name: n, principal: sam, tool: f/r, time: 2026-01-14T10:00:00, expect: deny }',
      /:6:49 .*not a time; write date, time and offset/,
    ],
    [
      'a budget of nobody',
      '  - { name: n, principal: sam, tool: f/r, budgets: { week: 3 }, expect: deny }',
      /not <bundle>\/<counter> or <bundle>\/<rule>/,
    ],
    [
      'an approval by nobody',
      '  - { name: n, principal: sam, tool: f/r, approvals: [dana], expect: allow }',
      /group:<name>/,
    ],
    ['no expectation', '  - { name: n, principal: sam, tool: f/r }', /missing required key "expect"/],
    ['a key twice', '  - { name: n, name: m, principal: sam, tool: f/r, expect: deny }', /stands here twice/],
  ])('is refused for %s, with its place', (_, line, problem) => {
    expect(problemsOf(...HEAD, line)).toMatch(problem);
  });

  it('says all that is wrong with it at once', () => {
    const line = '  - { name: n, principl: sam, tool: read, expect: denied }';
    expect(problemsOf(...HEAD, line)).toMatch(/[4-9] errors in cases.yaml$/);
  });

  it.each([
    ['', /is empty; expected decision cases/],
    ['- a', /expected a map, this is a list/],
    ['a: [', /E_SYNTAX/],
    ['version: 2', /version/],
  ])('that says %j is refused', (text, problem) => {
    expect(problemsOf(text)).toMatch(problem);
  });

  it('that is not there is refused', () => {
    expect(() => readCases(join(folder, 'none.yaml'), folder)).toThrow(/none\.yaml.*there is no such file/s);
  });
});

describe('the JSON Schema of case files', () => {
  it('is the one in docs/reference', async () => {
    const file = resolve('docs/reference/policy-cases.schema.json');
    await expect(`${JSON.stringify(casesJsonSchema(), null, 2)}\n`).toMatchFileSnapshot(file);
  });

  it('describes every field', () => {
    expect(undescribed(casesJsonSchema(), '')).toEqual([]);
  });
});

type Schema = ReturnType<typeof casesJsonSchema>;

function undescribed(schema: Schema, path: string): readonly string[] {
  const fields = Object.entries(schema.properties ?? {}).flatMap(([name, child]) => [
    ...(child.description === undefined ? [`${path}.${name}`] : []),
    ...undescribed(child, `${path}.${name}`),
  ]);
  const nested = [schema.items, schema.additionalProperties, ...(schema.anyOf ?? [])];
  return [...fields, ...nested.flatMap((child) => (typeof child === 'object' ? undescribed(child, path) : []))];
}
