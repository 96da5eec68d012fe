import { afterAll, expect, test } from 'vitest';
import { Toolchain } from '../../../src/rego/toolchain.ts';
import { inputSchema, readLibrary } from '../../bundles/shipped.ts';
import { RULES_TRIED_BY } from '../holders.ts';
import { allPages, type Block, blocksOf } from '../pages.ts';

const toolchain = new Toolchain();
afterAll(() => toolchain.close());

test('rules are written as OPA writes them', async () => {
  const rules = allPages()
    .flatMap(blocksOf)
    .filter(({ language }) => language === 'rego');
  const files = Object.fromEntries(rules.map((block) => [`${block.page}:${block.line}`, withPackage(block)]));
  const { files: formatted, problems } = await toolchain.format(files);
  expect(problems).toEqual([]);
  expect(formatted).toEqual(files);
});

/** A part of a file stands in a package all the same. */
function withPackage({ text }: Block): string {
  return /^package /m.test(text) ? text : `package example\n\n${text}`;
}

test('rules that no other test tries keep the contract of bundles', async () => {
  const pages = allPages().filter((page) => RULES_TRIED_BY[page] === undefined);
  for (const page of pages) {
    const rules = blocksOf(page).filter(({ language }) => language === 'rego');
    if (rules.length === 0) continue;
    const root = /^package (\w+)/m.exec(rules.map(withPackage).join('\n'))?.[1] ?? '';
    const files = Object.fromEntries(rules.map((block) => [`${block.line}.rego`, withPackage(block)]));
    const bundle = { id: root, root, files, data: {} };
    const problems = await toolchain.check({ bundle, library: readLibrary(), inputSchema: inputSchema() });
    expect([page, problems]).toEqual([page, []]);
  }
});
