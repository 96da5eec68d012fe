import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Place } from './program.ts';

/** The journal server's own bundle. */
export const JOURNAL_POLICY = resolve('servers/journal/mcp-policy');

/** `command` and `args` of the server that notes down each call it receives, as YAML in one line. */
export function journal(folder: string, file = 'journal'): string {
  return `command: ${process.execPath}, args: [${resolve('servers/journal/server.mjs')}, ${join(folder, file)}]`;
}

/** `command` and `args` of a server that breaks something, as YAML in one line. */
export function fixture(name: string): string {
  return `command: ${process.execPath}, args: [${resolve('fixtures/upstreams', `${name}.mjs`)}]`;
}

export interface Received {
  readonly pid: number;
  readonly name: string;
  readonly arguments: { readonly text?: string };
}

/** The calls that reached a journal server of a place, oldest first. */
export function receivedBy({ folder }: Place, file = 'journal'): readonly Received[] {
  const path = join(folder, file);
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Received);
}

/** The texts that reached the `write` of a journal server. */
export function textsIn(place: Place, file = 'journal'): readonly (string | undefined)[] {
  return receivedBy(place, file).map(({ arguments: { text } }) => text);
}

/** Writes a bundle of layer server whose one root is `root`, with these rules; its folder. */
export function writeBundle(folder: string, root: string, rules: string): string {
  const bundle = join(folder, `bundle-${root}`);
  mkdirSync(bundle);
  const manifest = { roots: [root], metadata: { gateway: { contract: 1, layer: 'server' } } };
  writeFileSync(join(bundle, '.manifest'), JSON.stringify(manifest));
  writeFileSync(join(bundle, 'policy.rego'), `package ${root}\n\n${rules}`);
  return bundle;
}

/** A rule with its annotation. */
export function aRule(id: string, rule: string): string {
  return `# METADATA\n# title: ${id} of a test\n# custom: {id: ${id}}\n${rule}\n`;
}

/** A bundle that allows everything. */
export function permissiveBundle(folder: string): string {
  const rule = 'allow contains {"id": "ALL-1", "reason": "everything"} if input.action.tool != ""';
  return writeBundle(folder, 'permissive', aRule('ALL-1', rule));
}
