import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import * as z from 'zod';
import { GatewayError, messageOf } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import { SERVER_ID } from '../core/names.ts';
import type { LockedServer, ServerLock } from '../core/server-lock.ts';
import { parseRequestBytes } from '../core/strict-json.ts';
import { type Problem, renderProblems } from './problems.ts';
import { readYaml } from './read-yaml.ts';
import { replaceFile } from './replace-file.ts';
import { placeOfValue, type SourceFile, type TreeNode } from './tree.ts';

/** Version of the format. A file of another one is refused, never guessed at. */
const VERSION = 1;
const NAME = 'mcp-gateway.lock';
const LIMITS = { maxBytes: 64 * 1024 * 1024, maxDepth: 16, maxKeys: 1_000_000, maxStringBytes: 64 * 1024 * 1024 };

const Hash = z.string().regex(/^[0-9a-f]{64}$/, 'not a SHA-256 in hex');

const LockedTool = z.strictObject({ contract: Hash, text: Hash });

const Locked = z.strictObject({
  package: z.strictObject({ name: z.string(), version: z.string(), integrity: z.string() }).nullable(),
  command: Hash,
  bundle: z.strictObject({ digest: Hash }).nullable(),
  signer: z.string(),
  tools: z.record(z.string(), LockedTool),
  instructions: Hash.optional(),
});

const LockFile = z.strictObject({
  version: z.literal(VERSION),
  servers: z.record(z.string().regex(SERVER_ID, 'not the id of a server'), Locked),
});

/** The lock of a configuration lies beside it. */
export function lockPathOf(configPath: string): string {
  return join(dirname(configPath), NAME);
}

/** What somebody has accepted; empty where there is no such file. Throws LOCK_INVALID with the place of what is wrong. */
export function readLock(path: string, workingFolder = '/'): ServerLock {
  const bytes = bytesOf(path);
  if (bytes === undefined) return {};
  const name = relative(workingFolder, path);
  const file = { path, name: name.startsWith('..') ? path : name, text: bytes.toString('utf8') };
  const parsed = parseRequestBytes(bytes, LIMITS);
  if (parsed.kind === 'refused') throw invalid([problemAt(file, offsetOf(file.text, parsed), parsed.message)]);
  refuseOtherVersion(parsed.value, file);
  const lock = LockFile.safeParse(parsed.value);
  if (lock.success) return lock.data.servers;
  throw invalid(lock.error.issues.map(({ path: at, message }) => ({ ...placed(file, at), message })));
}

/** Writes the whole file, so that a reader sees the old one or the new one. Throws LOCK_INVALID where it cannot be written. */
export function writeLock(path: string, lock: ServerLock): void {
  try {
    replaceFile(path, textOf(lock));
  } catch (thrown) {
    throw new GatewayError('LOCK_INVALID', `${path} cannot be written: ${messageOf(thrown)}`, { cause: thrown });
  }
}

/** Servers and tools in the order of their names, one tool a line, so that two versions of the file are compared well. */
function textOf(lock: ServerLock): string {
  const servers = sorted(lock).map(([id, server]) => `    ${JSON.stringify(id)}: ${serverText(server)}`);
  const body = servers.length === 0 ? '{}' : `{\n${servers.join(',\n')}\n  }`;
  return `{\n  "version": ${VERSION},\n  "servers": ${body}\n}\n`;
}

function serverText({ package: found, command, bundle, signer, tools, instructions }: LockedServer): string {
  const lines = sorted(tools).map(([tool, { contract, text }]) => {
    return `        ${JSON.stringify(tool)}: ${JSON.stringify({ contract, text })}`;
  });
  const named = found && { name: found.name, version: found.version, integrity: found.integrity };
  const members = [
    `"package": ${JSON.stringify(named)}`,
    `"command": ${JSON.stringify(command)}`,
    `"bundle": ${JSON.stringify(bundle && { digest: bundle.digest })}`,
    `"signer": ${JSON.stringify(signer)}`,
    ...(instructions === undefined ? [] : [`"instructions": ${JSON.stringify(instructions)}`]),
    `"tools": ${lines.length === 0 ? '{}' : `{\n${lines.join(',\n')}\n      }`}`,
  ];
  return `{\n${members.map((member) => `      ${member}`).join(',\n')}\n    }`;
}

function sorted<V>(values: Readonly<Record<string, V>>): readonly (readonly [string, V])[] {
  return Object.entries(values).toSorted(([left], [right]) => (left < right ? -1 : 1));
}

function bytesOf(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (thrown) {
    // Only what is plainly not there is empty; what cannot be looked at may be there.
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return undefined;
    throw new GatewayError('LOCK_INVALID', `${path} cannot be read: ${messageOf(thrown)}`, { cause: thrown });
  }
}

function refuseOtherVersion({ version }: JsonObject, file: SourceFile): void {
  if (typeof version !== 'number' || version <= VERSION) return;
  const message = `is of version ${version}; this mcp-gateway knows version ${VERSION}`;
  const problem = {
    ...placed(file, ['version']),
    message,
    help: 'install the mcp-gateway that wrote it, or a newer one',
  };
  throw invalid([problem]);
}

function placed(file: SourceFile, path: readonly PropertyKey[]): Omit<Problem, 'message'> {
  const root = treeOf(file);
  const place = root === undefined ? { file, start: 0, end: 1 } : placeOfValue(root, path);
  return { code: 'E_VALUE', path: path.map(String).join('.'), place };
}

/** Its values are names and hashes; nothing is put in for what stands in them. */
function treeOf(file: SourceFile): TreeNode | undefined {
  return readYaml(file, { environment: {}, folder: dirname(file.path), readText: () => '' }).root;
}

function problemAt(file: SourceFile, start: number, message: string): Problem {
  return { code: 'E_SYNTAX', path: '', message, place: { file, start, end: start + 1 } };
}

/** Of a line and a character, both from 1. */
function offsetOf(text: string, { line, column }: { readonly line: number; readonly column: number }): number {
  const before = text.split('\n').slice(0, line - 1);
  return before.reduce((length, one) => length + one.length + 1, 0) + column - 1;
}

function invalid(problems: readonly Problem[]): GatewayError {
  return new GatewayError('LOCK_INVALID', renderProblems(problems), {
    mend: 'Mend the file, or take the last good one from version control. Without it everything has to be accepted anew.',
  });
}
