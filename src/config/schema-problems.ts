import type * as z from 'zod';
import { keysAt, type JsonSchema } from './json-schema.ts';
import { pathText, type Problem, type ProblemCode } from './problems.ts';
import { nearest } from './suggest.ts';
import { nodeAt, placeOfKey, placeOfValue, toJson, type TreeNode } from './tree.ts';

/** An issue of zod's with unions resolved to the branch that was meant. */
export type Issue = z.core.$ZodIssue;

/** Keys of other formats, and what they are called here. */
const FOREIGN_KEYS: Readonly<Record<string, string>> = {
  servers: 'the servers stand under mcpServers',
  context_servers: 'the servers stand under mcpServers',
  serverUrl: 'write url',
  httpUrl: 'write url, and type: http',
  transport: 'write type: http or type: sse; a command needs no type',
  transportType: 'write type: http or type: sse; a command needs no type',
  environment: 'write env',
  envFile: 'name each variable under env, such as API_KEY: ${API_KEY}',
  disabled: 'leave a disabled server out',
  enabled: 'leave a disabled server out',
  autoApprove: 'what may run is decided by policy; leave it out',
  alwaysAllow: 'what may run is decided by policy; leave it out',
  includeTools: 'write tools: { include: [...] }',
  enabled_tools: 'write tools: { include: [...] }',
  excludeTools: 'write tools: { exclude: [...] }',
  disabledTools: 'write tools: { exclude: [...] }',
  default: 'there is no default decision: what nothing allows is denied',
  '<<': 'merge keys are not part of YAML 1.2; write the keys out',
};

const KINDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map',
  record: 'a map',
};

/** Zod's issues, with those of a union replaced by the issues of the branch that fits best. */
export function flatten(issues: readonly Issue[]): readonly Issue[] {
  return issues.flatMap((issue) => {
    if (issue.code !== 'invalid_union') return [issue];
    const branches = issue.errors.map((errors) =>
      flatten(errors).map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] })),
    );
    const meant =
      branches.toSorted((left, right) => depthOf(right) - depthOf(left) || left.length - right.length)[0] ?? [];
    return meant.some((inner) => inner.path.length > issue.path.length) ? meant : [issue];
  });
}

/** Problems for people: what is wrong with which value, where, and what was probably meant. */
export function schemaProblems(issues: readonly Issue[], root: TreeNode, schema: JsonSchema): readonly Problem[] {
  return issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map((key) => unknownKey([...issue.path, key], root, schema));
    const problem = problemOf(issue, root);
    return isSaidAlready(issue, root) ? [] : [problem];
  });
}

interface Words {
  readonly message: string;
  readonly help?: string;
}

function depthOf(issues: readonly Issue[]): number {
  return Math.max(0, ...issues.map((issue) => issue.path.length));
}

function isSaidAlready(issue: Issue, root: TreeNode): boolean {
  const node = nodeAt(root, issue.path);
  return node?.kind === 'scalar' && node.hasFailed;
}

function unknownKey(path: readonly PropertyKey[], root: TreeNode, schema: JsonSchema): Problem {
  const key = String(path.at(-1));
  const meant = nearest(key, keysAt(schema, path.slice(0, -1)));
  const help =
    meant === undefined
      ? Object.hasOwn(FOREIGN_KEYS, key)
        ? FOREIGN_KEYS[key]
        : undefined
      : `did you mean "${meant}"?`;
  const problem = {
    code: 'E_UNKNOWN_KEY',
    path: pathText(path),
    message: `unknown key "${key}"`,
    place: placeOfKey(root, path),
  } as const;
  return help === undefined ? problem : { ...problem, help };
}

function problemOf(issue: Issue, root: TreeNode): Problem {
  const { path } = issue;
  const node = nodeAt(root, path);
  const base = { code: 'E_VALUE' as ProblemCode, path: pathText(path), place: placeOfValue(root, path) };
  if (node === undefined) {
    return {
      ...base,
      message: `missing required key "${String(path.at(-1))}"`,
      place: placeOfKey(root, path.slice(0, -1)),
    };
  }
  if (issue.code === 'invalid_type') return { ...base, ...typeMessage(issue, node) };
  if (issue.code === 'invalid_value') return { ...base, ...valueMessage(issue, node) };
  if (issue.code === 'invalid_union') {
    return { ...base, message: `${shown(node)} is neither ${branchTexts(issue).join(' nor ')}` };
  }
  if (issue.code === 'invalid_key') {
    const message = `"${String(path.at(-1))}" is ${issue.issues[0]?.message ?? 'not a name'}`;
    return { ...base, code: 'E_NAME', message, place: placeOfKey(root, path) };
  }
  // An address may hold a password.
  if (issue.code === 'invalid_format' && path.at(-1) !== 'url') {
    return { ...base, message: `${shown(node)} is ${issue.message}` };
  }
  return { ...base, message: issue.message, place: node.kind === 'map' ? placeOfKey(root, path) : base.place };
}

function typeMessage(issue: Extract<Issue, { code: 'invalid_type' }>, node: TreeNode): Words {
  const wanted = KINDS[issue.expected] ?? issue.expected;
  if (node.kind === 'scalar' && node.value === null) return emptyMessage(issue, wanted);
  if (!issue.message.startsWith('Invalid')) return { message: `${shown(node)} is ${issue.message}` };
  const message = `expected ${wanted}, this is ${kindOf(node)}`;
  if (node.kind !== 'scalar') return { message };
  if (issue.expected === 'string') return { message, help: `write it in quotes: "${String(node.value)}"` };
  const isYesOrNo = issue.expected === 'boolean' && /^(yes|no|on|off)$/i.test(String(node.value));
  return isYesOrNo ? { message, help: 'YAML 1.2 knows true and false only' } : { message };
}

function emptyMessage(issue: Issue, wanted: string): Words {
  const message = `is empty; expected ${wanted}`;
  return issue.path.length === 0
    ? { message, help: 'the smallest file says "version: 1" and "mcpServers: {}"' }
    : { message };
}

function valueMessage(issue: Extract<Issue, { code: 'invalid_value' }>, node: TreeNode): Words {
  if (!issue.message.startsWith('Invalid')) return { message: issue.message };
  const message = `${shown(node)} is not one of ${issue.values.map(String).join(', ')}`;
  if (issue.path.at(-1) === 'layer' && node.kind === 'scalar' && node.value === 'server') {
    return { message, help: 'the bundle of a server stands under mcpServers.<id>.policy' };
  }
  const meant = node.kind === 'scalar' ? nearest(String(node.value), issue.values.map(String)) : undefined;
  return meant === undefined ? { message } : { message, help: `did you mean "${meant}"?` };
}

function branchTexts(issue: Extract<Issue, { code: 'invalid_union' }>): readonly string[] {
  return issue.errors.map((errors) => {
    const first = errors[0];
    if (first?.code === 'invalid_value') return first.values.map(String).join(', ');
    return first?.code === 'invalid_type' ? (KINDS[first.expected] ?? first.expected) : 'what is expected';
  });
}

function kindOf(node: TreeNode): string {
  if (node.kind !== 'scalar') return node.kind === 'list' ? 'a list' : 'a map';
  return KINDS[typeof node.value] ?? 'empty';
}

function shown(node: TreeNode): string {
  if (node.kind !== 'scalar') return kindOf(node);
  const text = JSON.stringify(toJson(node));
  return text.length > 60 ? `${text.slice(0, 57)}…"` : text;
}
