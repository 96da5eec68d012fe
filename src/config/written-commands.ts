import { sha256Hex } from '../core/canonical-json.ts';
import { childrenOf, nodeAt, type ScalarNode, scalarsUnder, type TreeNode } from './tree.ts';

/**
 * SHA-256 of each server's command line, or address, as it stands in the files, hex: with `${NAME}` instead of what was put
 * in, so that it is the same on every machine and tells nothing of a secret.
 */
export function writtenCommands(root: TreeNode): Readonly<Record<string, string>> {
  const servers = nodeAt(root, ['mcpServers']);
  if (servers === undefined) return {};
  return Object.fromEntries(
    childrenOf(servers).map(([id, server]) => [id, sha256Hex(JSON.stringify(partsOf(server)))]),
  );
}

function partsOf(server: TreeNode): readonly (readonly [string, string])[] {
  return ['command', 'args', 'url'].flatMap((key) => {
    const node = nodeAt(server, [key]);
    return node === undefined ? [] : scalarsUnder(node).map((scalar) => [key, asWritten(scalar.node)] as const);
  });
}

function asWritten({ value, insertions }: ScalarNode): string {
  const put = insertions.filter(({ value: inserted }) => inserted !== '');
  return put.reduce((text, { name, value: inserted }) => text.replace(inserted, () => `\${${name}}`), String(value));
}
