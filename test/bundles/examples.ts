import type { BundleSource } from '../../src/core/rego.ts';
import type { BundleFiles } from '../../src/core/bundle-feed.ts';

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

/**
 * The bundle that a page shows piece by piece, in blocks ```` ```LANGUAGE FOLDER/FILE ````: pieces of Rego follow one
 * another, those of JSON are merged.
 */
export function filesOf(page: string, folder: string): BundleFiles {
  const pieces = new Map<string, readonly string[]>();
  for (const [, language = '', path = '', text = ''] of page.matchAll(/^```(\S+) (\S+)\n([\s\S]*?)^```$/gm)) {
    if (!path.startsWith(`${folder}/`)) continue;
    const file = path.slice(folder.length + 1);
    const before = pieces.get(file) ?? [];
    pieces.set(file, language === 'json' ? [mergedJson([...before, text])] : [...before, text]);
  }
  const files = [...pieces].map(([file, texts]) => [file, Buffer.from(texts.join('\n'))] as const);
  return { source: folder, files: new Map(files) };
}

function mergedJson(texts: readonly string[]): string {
  return JSON.stringify(texts.map((text): unknown => JSON.parse(text)).reduce(merged));
}

function merged(left: unknown, right: unknown): unknown {
  if (!isObject(left) || !isObject(right)) return right;
  const members = Object.entries(right).map(([name, value]) => [name, merged(left[name], value)]);
  return { ...left, ...Object.fromEntries(members) };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
