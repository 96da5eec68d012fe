import { GatewayError } from '../core/errors.ts';
import { pathText, positionText } from './problems.ts';
import { childrenOf, nodeAt, type Place, type TreeNode, type TreePath } from './tree.ts';

/** The mode of a bundle or of one of its rules, as the configuration has it written. */
export interface WrittenMode {
  /** Such as `policies.org.0.rules.L-1.mode`. */
  readonly path: string;
  readonly mode: string;
  readonly place: Place;
  /** Name, line and column. */
  readonly position: string;
}

/** `rule` is empty for the bundle as a whole. Throws USAGE where no such mode is written, or where others share it. */
export function writtenMode(
  root: TreeNode,
  { bundle, rule }: { readonly bundle: string; readonly rule: string },
): WrittenMode {
  const path = [...bundlePath(root, bundle), ...(rule === '' ? ['mode'] : ['rules', rule, 'mode'])];
  const node = nodeAt(root, path);
  if (node?.kind !== 'scalar' || typeof node.value !== 'string') {
    throw new GatewayError(
      'USAGE',
      `${rule === '' ? bundle : `${bundle}/${rule}`} has no mode of its own, so it is enforced`,
      {
        mend: `\`mcp-gateway policy shadow\` lists what is in shadow; the setting would be ${pathText(path)}.`,
      },
    );
  }
  if (node.insertions.length > 0 || !isWrittenHere(root, path)) {
    throw new GatewayError('USAGE', `${positionText(node.place)}: the mode is put in from elsewhere`, {
      mend: `Change it by hand, where ${pathText(path)} comes from.`,
    });
  }
  return { path: pathText(path), mode: node.value, place: node.place, position: positionText(node.place) };
}

/** The text of the file with another mode there; every other character stays. */
export function withMode({ place }: Pick<WrittenMode, 'place'>, mode: string, raw: string): string {
  const { start, end, file } = place;
  const written = raw.slice(start, end);
  if (written !== file.text.slice(start, end)) {
    throw new GatewayError('CONFIG_INVALID', `${file.name} was changed by somebody else meanwhile`, {
      mend: 'Try again.',
    });
  }
  const quote = /^["']/.exec(written)?.[0] ?? '';
  return `${raw.slice(0, start)}${quote}${mode}${quote}${raw.slice(end)}`;
}

function bundlePath(root: TreeNode, bundle: string): TreePath {
  const list = nodeAt(root, ['policies', 'org']);
  const items = list?.kind === 'list' ? childrenOf(list) : [];
  const index = items.findIndex(([, item]) => {
    const id = nodeAt(item, ['id']);
    return id?.kind === 'scalar' && id.value === bundle;
  });
  if (index >= 0) return ['policies', 'org', index];
  if (nodeAt(root, ['mcpServers', bundle]) !== undefined) return ['mcpServers', bundle, 'policy'];
  throw new GatewayError('USAGE', `the configuration has no bundle ${bundle}`, {
    mend: 'Name one of policies.org, or a server for its own bundle.',
  });
}

/** Whether nothing on the way is an alias: what it stands for is written elsewhere, and others may use it, too. */
function isWrittenHere(root: TreeNode, path: TreePath): boolean {
  return path.every((_, depth) => {
    const [outer, inner] = [nodeAt(root, path.slice(0, depth)), nodeAt(root, path.slice(0, depth + 1))];
    if (outer === undefined || inner === undefined) return false;
    // Lists of several files are joined, and what is in another file is no alias: those end with their file.
    if (outer.place.file !== inner.place.file) return true;
    return outer.place.start <= inner.place.start && inner.place.end <= outer.place.end;
  });
}
