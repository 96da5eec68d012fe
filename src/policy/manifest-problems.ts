import { isNode, LineCounter, parseDocument } from 'yaml';
import type * as z from 'zod';
import type { JsonObject } from '../core/json.ts';
import { LAYERS } from '../core/opinion.ts';
import type { RegoProblem } from '../core/rego.ts';

const FILE = '.manifest';
const EXAMPLE = '{"roots": ["name"], "metadata": {"gateway": {"contract": 1, "layer": "server"}}}';

export interface StrangeManifest {
  readonly bundle: string;
  /** As it was read. */
  readonly text: string;
  readonly value: JsonObject;
  readonly issues: readonly z.core.$ZodIssue[];
}

/** What is wrong with a manifest, each thing at its place; one of another format is named as what it is. */
export function manifestProblems({ bundle, text, value, issues }: StrangeManifest): readonly RegoProblem[] {
  const problem = (message: string, path: readonly PropertyKey[]): RegoProblem => {
    const pointer = path.map((part) => `/${String(part)}`).join('');
    const said = pointer === '' ? message : `${pointer}: ${message}`;
    return { bundle, code: 'bundle_manifest', message: said, file: FILE, ...placeOf(text, path) };
  };
  const other = otherFormat(value);
  if (other !== '') return [problem(other, [])];
  const roots = rootsInWords(value['roots']);
  return issues.map(({ path, message, code }) => {
    if (path[0] === 'roots' && path.length === 1 && roots !== '') return problem(roots, path);
    const isAbsent = code === 'invalid_type' && ['metadata', 'metadata/gateway'].includes(path.join('/'));
    if (isAbsent) return problem(NO_GATEWAY, path);
    return problem(message, path);
  });
}

const NO_GATEWAY =
  'this manifest of OPA says nothing to a gateway; it needs metadata.gateway with at least ' +
  `{"contract": 1, "layer": "server"}, where the layer is one of ${LAYERS.join(', ')}`;

/** What a file is that has nothing of a manifest; empty where it has. */
function otherFormat(value: JsonObject): string {
  const has = (name: string): boolean => Object.hasOwn(value, name);
  if (has('contract') && has('bundle')) {
    return 'this is a descriptor, which says where a bundle lies; the manifest is a file of the bundle itself';
  }
  if (has('roots') || has('metadata') || has('revision')) return '';
  const names = Object.keys(value).slice(0, 5);
  const found =
    names.length === 0 ? 'it is empty' : `it has ${names.map((name) => JSON.stringify(name.slice(0, 40))).join(', ')}`;
  return `this is no manifest of a Rego bundle (${found}); policies of other engines, such as Cedar, are not read. One reads ${EXAMPLE}`;
}

/** Why there is not one root; empty where that is not what is wrong. */
function rootsInWords(roots: unknown): string {
  if (!Array.isArray(roots) || roots.length < 2) return '';
  const names = roots.map(String);
  const within = names.find((name) =>
    names.some((other) => other !== name && (other === '' || name.startsWith(`${other}/`))),
  );
  const overlap = within === undefined ? '' : `, and ${JSON.stringify(within)} lies within another of them`;
  return `a bundle has exactly one root; this one has ${names.length}${overlap}. Make a bundle of each, with an id of its own`;
}

/** Where the value of a path stands, or what is nearest around it. JSON is YAML, whose parser keeps places. */
function placeOf(text: string, path: readonly PropertyKey[]): { readonly row: number; readonly column: number } {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter });
  for (let length = path.length; length > 0; length -= 1) {
    const node: unknown = document.getIn(path.slice(0, length), true);
    const start = isNode(node) ? node.range?.[0] : undefined;
    if (start === undefined) continue;
    const { line, col } = lineCounter.linePos(start);
    return { row: line, column: col };
  }
  return { row: 1, column: 1 };
}
