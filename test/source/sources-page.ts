import { readFileSync } from 'node:fs';
import { expect } from 'vitest';

const PAGE = readFileSync('docs/sources.md', 'utf8');

/** Where the addresses of docs/sources.md are in a test. */
export interface PageAddresses {
  /** Ends with a slash. */
  readonly service: string;
  /** With its `git+`. */
  readonly repository: string;
  /** Host and port. */
  readonly registry: string;
}

const pairs = ({ service, repository, registry }: PageAddresses): readonly (readonly [string, string])[] => [
  ['https://bundles.northwind.example/', service],
  ['git+https://git.northwind.example/policy.git', repository],
  ['oci://registry.northwind.example', `oci://${registry}`],
];

/** The configuration on the page, with addresses that are there. */
export function pageConfiguration(addresses: PageAddresses): string {
  const block = /```yaml\n([\s\S]*?)```/.exec(PAGE)?.[1] ?? '';
  return pairs(addresses).reduce((text, [shown, used]) => text.replaceAll(shown, used), block);
}

export interface PageCommand {
  readonly args: readonly string[];
  /** What it prints, as the page has it. */
  readonly prints: string;
}

/** The commands on the page, in their order. */
export function pageCommands(): readonly PageCommand[] {
  const blocks = [...PAGE.matchAll(/```console\n([\s\S]*?)```/g)].map(([, text = '']) => text);
  return blocks.flatMap((block) =>
    block
      .split(/^\$ mcp-gateway /m)
      .slice(1)
      .map((run) => {
        const [command = '', ...lines] = run.split('\n');
        return { args: command.split(' '), prints: lines.join('\n') };
      }),
  );
}

const MARKS: Readonly<Record<string, string>> = {
  COMMIT: '[0-9a-f]{12}',
  DIGEST: '([0-9a-f]{12}|[0-9a-f]{64})',
  AGE: String.raw`\d+ \w+( \d+ \w+)?`,
  '…': '[^]*',
};

/** Spaces count as one: hashes are as long as they are, and columns as wide as what stands in them. */
export function expectPrinted(printed: string, shown: string, addresses: PageAddresses): void {
  const text = pairs(addresses).reduce((said, [page, used]) => said.replaceAll(used, page), printed);
  const pattern = squeezed(shown)
    .replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll(/COMMIT|DIGEST|AGE|…/g, (mark) => MARKS[mark] ?? mark);
  expect(squeezed(text)).toMatch(new RegExp(`^${pattern}$`));
}

function squeezed(text: string): string {
  return text.trim().replaceAll(/ +/g, ' ');
}
