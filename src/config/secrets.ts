import { hasCredentials, speaksOfSecret as speaks } from '../core/plain-secrets.ts';
import { scalarsUnder, type ScalarNode, type TreeNode } from './tree.ts';

/** What a server is given that may be secret. */
const HOLDERS: ReadonlySet<string> = new Set(['env', 'headers', 'credentials']);
/** Masking shorter texts would blacken ordinary words and numbers. */
const MIN_LENGTH = 8;
/** Of what somebody keeps as a secret more is masked: he has said what it is. */
const MIN_KEPT_LENGTH = 4;

/**
 * The values that nothing may show: what is kept as a secret, what came from a file, what came from a variable or stands in `env`, `headers`
 * or `credentials` under a name that speaks of a secret, and addresses with a password in them. Longest first, for replacing.
 */
export function secretsIn(root: TreeNode): readonly string[] {
  const scalars = scalarsUnder(root);
  const kept = scalars.flatMap(({ node }) =>
    node.insertions.flatMap(({ from, value }) => (from === 'secret' ? value : [])),
  );
  const found = scalars.flatMap(({ path, node }) => [...insertedSecrets(path, node), ...writtenSecrets(path, node)]);
  const hidden = [
    ...kept.filter((value) => value.length >= MIN_KEPT_LENGTH),
    ...found.filter((value) => value.length >= MIN_LENGTH),
  ];
  return [...new Set(hidden)].toSorted((left, right) => right.length - left.length);
}

function insertedSecrets(path: readonly string[], node: ScalarNode): readonly string[] {
  return node.insertions
    .filter(
      ({ from, name, value }) =>
        from === 'file' ||
        (from === 'variable' && (isHeader(path) || speaksOfSecret(path) || speaks(name) || hasCredentials(value))),
    )
    .map(({ value }) => value);
}

/**
 * Whole values that are written out. A substituted one is known by its insertion already, less what stands around it; but
 * the address of the store has a password in it however short that is.
 */
function writtenSecrets(path: readonly string[], node: ScalarNode): readonly string[] {
  if (path.join('.') === 'decisions.store.url') return hasCredentials(String(node.value)) ? [String(node.value)] : [];
  if (typeof node.value !== 'string' || node.insertions.length > 0 || node.hasFailed) return [];
  if (hasCredentials(node.value)) return [node.value];
  return speaksOfSecret(path) ? [node.value.replace(/^(Bearer|Basic|token)\s+/i, '')] : [];
}

/** A value that is kept out of the file and sent as a header is a key, whatever it is called. */
function isHeader([section, within, group]: readonly string[]): boolean {
  if (section === 'telemetry') return within === 'otlp' && group === 'headers';
  return section === 'mcpServers' && group === 'headers';
}

function speaksOfSecret(path: readonly string[]): boolean {
  if (['decisions.auditKey', 'decisions.store.url'].includes(path.join('.'))) return true;
  if (path[0] === 'telemetry' && isHeader(path)) return speaks(path.at(-1) ?? '');
  // Those of an address of a bundle stand deeper than those of a server.
  if (path.at(-2) === 'credentials' && speaks(path.at(-1) ?? '')) return true;
  const [section, , group, name] = path;
  return section === 'mcpServers' && HOLDERS.has(group ?? '') && speaks(name ?? '');
}
