import type { Json } from '../../src/core/json.ts';
import { readYaml } from '../../src/config/read-yaml.ts';
import type { TreeNode } from '../../src/config/tree.ts';

/** A configuration as it would be read from a file that says this. */
export function treeOf(value: Json): TreeNode {
  const text = JSON.stringify(value);
  const { root } = readYaml({ path: '/mcp-gateway.yaml', name: 'mcp-gateway.yaml', text });
  if (root === undefined) throw new Error('this cannot be read');
  return root;
}
