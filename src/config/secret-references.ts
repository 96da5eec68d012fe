import {
  hasCredentials,
  secretInHeader,
  secretInVariable,
  secretsInArguments,
  secretsInUrl,
  speaksOfSecret,
  type SecretPart,
} from '../core/plain-secrets.ts';
import { findConfig } from './find.ts';
import type { LoadOptions } from './load.ts';
import { pathText, positionText, renderProblems } from './problems.ts';
import { readTrees } from './read-trees.ts';
import { nodeAt, type ScalarNode, scalarsUnder, type TreeNode, type TreePath } from './tree.ts';
import { GatewayError } from '../core/errors.ts';

/** Where a configuration names a secret, or has one in the open. */
export interface SecretUse {
  /** Such as `mcpServers.github.env.GITHUB_TOKEN`. */
  readonly path: string;
  /** `file:line:column`. */
  readonly at: string;
  /** Whose it is; empty where it belongs to no server. */
  readonly server: string;
}

export interface SecretReference extends SecretUse {
  readonly name: string;
}

export interface PlainSecret extends SecretUse {
  /** What the place calls it. */
  readonly label: string;
}

export interface SecretsOfConfig {
  /** Absolute path of the file. */
  readonly path: string;
  /** That file and all it includes, absolute. */
  readonly files: readonly string[];
  readonly references: readonly SecretReference[];
  readonly plain: readonly PlainSecret[];
}

/**
 * Which secrets a configuration names, and which it has in the open, in the order of the file. No value is asked for, so a
 * secret that is not set is named like one that is. Throws `CONFIG_NOT_FOUND`, and `CONFIG_INVALID` where it is no YAML.
 */
export function secretsOfConfig(options: LoadOptions): SecretsOfConfig {
  const path = findConfig(options);
  // Something has to stand in the place of a value; what it is matters to nobody.
  const { root, problems, files } = readTrees(path, { ...options, readSecret: () => 'x' });
  if (root === undefined) throw new GatewayError('CONFIG_INVALID', renderProblems(problems));
  const plain = plainIn(root).flatMap(({ parts, path: place, at, server }) =>
    parts.map(({ label }) => ({ label, path: place, at, server })),
  );
  return { path, files, references: referencesIn(root), plain };
}

function referencesIn(root: TreeNode): readonly SecretReference[] {
  return scalarsUnder(root).flatMap(({ path, node }) =>
    node.insertions.flatMap(({ from, name }) => (from === 'secret' ? [{ name, ...useAt(path, node) }] : [])),
  );
}

/** A text that has secrets in it. */
export interface PlainPlace extends SecretUse {
  readonly value: string;
  readonly parts: readonly SecretPart[];
  /** Offsets into the file. */
  readonly start: number;
  readonly end: number;
}

/** In the order of the file. */
export function plainIn(root: TreeNode): readonly PlainPlace[] {
  const found = scalarsUnder(root).flatMap(({ path, node }): readonly PlainPlace[] => {
    const parts = partsOf(root, path, node);
    const { start, end } = node.place;
    return parts.length === 0 ? [] : [{ ...useAt(path, node), value: String(node.value), parts, start, end }];
  });
  return found.toSorted((left, right) => left.start - right.start);
}

function partsOf(root: TreeNode, path: readonly string[], node: ScalarNode): readonly SecretPart[] {
  const [section, server = '', group, name = ''] = path;
  if (typeof node.value !== 'string' || node.insertions.length > 0 || node.hasFailed) return [];
  const { value } = node;
  if (path.at(-2) === 'credentials' && speaksOfSecret(path.at(-1) ?? '')) {
    return [{ label: path.at(-1) ?? '', start: 0, end: value.length }];
  }
  if (path.join('.') === 'decisions.auditKey') return [{ label: 'auditKey', start: 0, end: value.length }];
  if (section !== 'mcpServers') return hasCredentials(value) ? secretsInUrl(value) : [];
  if (group === 'env') return secretInVariable(name, value);
  if (group === 'headers') return secretInHeader(name, value);
  if (group === 'url') return secretsInUrl(value);
  return group === 'args'
    ? (secretsInArguments(textsAt(root, ['mcpServers', server, 'args']))[Number(name)] ?? [])
    : [];
}

/** In their order; what is no text, or came from elsewhere, is empty. */
function textsAt(root: TreeNode, path: TreePath): readonly string[] {
  const list = nodeAt(root, path);
  if (list?.kind !== 'list') return [];
  return list.items.map((item) => (item.kind === 'scalar' && typeof item.value === 'string' ? item.value : ''));
}

function useAt(path: readonly string[], { place }: ScalarNode): SecretUse {
  const server = path[0] === 'mcpServers' ? (path[1] ?? '') : '';
  return { path: pathText(path), at: positionText(place), server };
}
