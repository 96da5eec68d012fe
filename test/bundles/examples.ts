import type { BundleSource } from '../../src/core/rego.ts';

/** The examples of a page of documentation that stand in blocks ```` ```rego LABEL ````. */
export function blocksOf(page: string, label: string): readonly string[] {
  return [...page.matchAll(/^```rego *(.*)\n([\s\S]*?)^```$/gm)].flatMap(([, found, text = '']) =>
    found === label ? [text] : [],
  );
}

export function isTest(block: string): boolean {
  return block.startsWith('test_');
}

/** Examples as one bundle, with those among them that are tests as its tests. */
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
