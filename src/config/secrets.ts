import { scalarsUnder, type ScalarNode, type TreeNode } from './tree.ts';

const SECRET_NAME = /token|key|secret|passw|pwd|credential|auth|cookie|bearer|dsn|(^|_)pat($|_)/i;
const CREDENTIALS_IN_URL = /:\/\/[^/@\s]+:[^/@\s]+@/;
/** What a server is given that may be secret. */
const HOLDERS: ReadonlySet<string> = new Set(['env', 'headers', 'credentials']);
/** Masking shorter texts would blacken ordinary words and numbers. */
const MIN_LENGTH = 8;

/**
 * The values that nothing may show: what came from a file, what came from a variable or stands in `env`, `headers`
 * or `credentials` under a name that speaks of a secret, and addresses with a password in them. Longest first, for replacing.
 */
export function secretsIn(root: TreeNode): readonly string[] {
  const found = scalarsUnder(root).flatMap(({ path, node }) => [
    ...insertedSecrets(path, node),
    ...writtenSecrets(path, node),
  ]);
  return [...new Set(found)]
    .filter((value) => value.length >= MIN_LENGTH)
    .toSorted((left, right) => right.length - left.length);
}

function insertedSecrets(path: readonly string[], node: ScalarNode): readonly string[] {
  return node.insertions
    .filter(
      ({ from, name, value }) =>
        from === 'file' ||
        (from === 'variable' &&
          (isHeader(path) || speaksOfSecret(path) || SECRET_NAME.test(name) || CREDENTIALS_IN_URL.test(value))),
    )
    .map(({ value }) => value);
}

/** Whole values that are written out. A substituted one is known by its insertion already, less what stands around it. */
function writtenSecrets(path: readonly string[], node: ScalarNode): readonly string[] {
  if (typeof node.value !== 'string' || node.insertions.length > 0 || node.hasFailed) return [];
  if (CREDENTIALS_IN_URL.test(node.value)) return [node.value];
  return speaksOfSecret(path) ? [node.value.replace(/^(Bearer|Basic|token)\s+/i, '')] : [];
}

/** A value that is kept out of the file and sent as a header is a key, whatever it is called. */
function isHeader([section, within, group]: readonly string[]): boolean {
  if (section === 'telemetry') return within === 'otlp' && group === 'headers';
  return section === 'mcpServers' && group === 'headers';
}

function speaksOfSecret(path: readonly string[]): boolean {
  if (path.join('.') === 'decisions.auditKey') return true;
  if (path[0] === 'telemetry' && isHeader(path)) return SECRET_NAME.test(path.at(-1) ?? '');
  // Those of an address of a bundle stand deeper than those of a server.
  if (path.at(-2) === 'credentials' && SECRET_NAME.test(path.at(-1) ?? '')) return true;
  const [section, , group, name] = path;
  return section === 'mcpServers' && HOLDERS.has(group ?? '') && SECRET_NAME.test(name ?? '');
}
