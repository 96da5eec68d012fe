import type { ToolEffect } from '../core/action.ts';
import { scaffoldManifest, scaffoldSettings } from './scaffold-manifest.ts';
import { scaffoldPolicy } from './scaffold-policy.ts';
import { scaffoldReadme } from './scaffold-readme.ts';
import { scaffoldTests } from './scaffold-tests.ts';

/** One tool of a server as a first bundle is written from it. */
export interface ScaffoldTool {
  readonly name: string;
  /** First line of what the server says of it; may be empty. */
  readonly says: string;
  readonly effect: ToolEffect;
}

export interface ScaffoldFacts {
  /** Id of the server, `^[a-z0-9][a-z0-9-]{0,19}$`. */
  readonly server: string;
  /** Package and version of the program that was asked; empty where it has none. */
  readonly package: string;
  readonly version: string;
  readonly tools: readonly ScaffoldTool[];
  /** Who answers for the rules. */
  readonly owner: string;
}

/** A group of tools that one rule is about; only groups with tools are written. */
export interface ToolGroup {
  readonly effect: ToolEffect;
  readonly tools: readonly ScaffoldTool[];
}

/** What the files of a first bundle are written from. */
export interface Scaffold {
  readonly facts: ScaffoldFacts;
  /** Root of the bundle and name of its package. */
  readonly root: string;
  /** What every id of a rule begins with. */
  readonly prefix: string;
  /** In the order read, write, destroy, unknown. */
  readonly groups: readonly ToolGroup[];
}

const EFFECTS = ['read', 'write', 'destroy', 'unknown'] as const;

/** The files of a first bundle by their path, Rego not yet formatted. */
export function scaffoldBundle(facts: ScaffoldFacts): ReadonlyMap<string, string> {
  const scaffold: Scaffold = {
    facts,
    root: rootOf(facts.server),
    prefix: prefixOf(facts.server),
    groups: EFFECTS.map((effect) => ({
      effect,
      tools: sorted(facts.tools.filter((tool) => tool.effect === effect)),
    })).filter(({ tools }) => tools.length > 0),
  };
  return new Map([
    ['.manifest', scaffoldManifest(scaffold)],
    ['data.json', scaffoldSettings(scaffold)],
    ['policy.rego', scaffoldPolicy(scaffold)],
    ['policy_test.rego', scaffoldTests(scaffold)],
    ['README.md', scaffoldReadme(scaffold)],
  ]);
}

function sorted(tools: readonly ScaffoldTool[]): readonly ScaffoldTool[] {
  return tools.toSorted((left, right) => (left.name < right.name ? -1 : 1));
}

/** Words that Rego reads in its own way, and roots that are not an author's. */
const TAKEN: ReadonlySet<string> = new Set(
  'as contains data default else every false gateway if import in input not null package set some system true with'.split(
    ' ',
  ),
);

function rootOf(server: string): string {
  const name = server.replaceAll('-', '_');
  return /^[a-z]/.test(name) && !TAKEN.has(name) ? name : `server_${name}`;
}

/** `code-host` gives CH, `github` GIT. */
function prefixOf(server: string): string {
  const words = server.split('-').filter((word) => /^[a-z]/.test(word));
  const [first = 'srv'] = words;
  const letters = words.length > 1 ? words.map((word) => word.slice(0, 1)).join('') : first.replaceAll(/[^a-z]/g, '');
  return letters.slice(0, words.length > 1 ? 4 : 3).toUpperCase();
}
