import { readFileSync } from 'node:fs';
import type { BundleSource } from '../../src/core/rego.ts';

/** The blocks of Rego of a page of the documentation that are labelled so; without a label: ''. */
export function blocksOf(page: string, label: string): readonly string[] {
  return [...readFileSync(page, 'utf8').matchAll(/^```rego *(.*)\n([\s\S]*?)^```$/gm)].flatMap(([, found, text = '']) =>
    found === label ? [text] : [],
  );
}

export function isTest(block: string): boolean {
  return block.startsWith('test_');
}

/** The blocks as one bundle, its tests apart from its rules. */
export function bundleOf(blocks: readonly string[]): BundleSource {
  const rules = blocks.filter((block) => !isTest(block)).join('\n');
  const tests = blocks.filter(isTest).join('\n');
  const head = 'package example_test\n\nimport data.example\nimport data.gateway.v1.inputs\n';
  const ids = 'ids(elements) := {element.id | some element in elements}\n';
  return {
    id: 'example',
    root: 'example',
    files: { 'policy.rego': `package example\n\n${rules}`, 'policy_test.rego': `${head}\n${ids}\n${tests}` },
    data: {},
  };
}
