import * as z from 'zod';
import { GatewayError } from '../core/errors.ts';
import type { JsonSchema } from './json-schema.ts';
import { type Complaint, pathText, type Problem, positionText, renderProblems } from './problems.ts';
import { readText } from './read-file.ts';
import { readYaml } from './read-yaml.ts';
import { flatten, schemaProblems } from './schema-problems.ts';
import { CaseFile } from './schema-cases.ts';
import { nearest } from './suggest.ts';
import { placeOfKey, placeOfValue, toJson, type TreeNode, type TreePath } from './tree.ts';

/** A file of decision cases, with the place of everything in it. */
export interface LoadedCases {
  readonly cases: CaseFile;
  /** Absolute. */
  readonly path: string;
  /** As messages show it. */
  readonly name: string;
  readonly root: TreeNode;
}

/** Reads a file of decision cases. Throws CONFIG_INVALID with all that is wrong, each with its place. */
export function readCases(path: string, workingFolder: string): LoadedCases {
  const { file, problems: unread } = readText(path, workingFolder);
  if (unread.length > 0) throw invalid(unread);
  const { root, problems } = readYaml(file);
  if (root === undefined || problems.length > 0) throw invalid(problems);
  if (root.kind === 'scalar' && root.value === null) throw invalid([emptyProblem(root)]);
  const parsed = CaseFile.safeParse(toJson(root));
  if (!parsed.success) throw invalid(schemaProblems(flatten(parsed.error.issues), root, casesJsonSchema()));
  const loaded = { cases: parsed.data, path, name: file.name, root };
  refuseCases(loaded, [...principalComplaints(loaded), ...sampleComplaints(loaded)]);
  return loaded;
}

/** What editors get: draft-07, because the YAML language server knows it best. */
export function casesJsonSchema(): JsonSchema {
  const schema = z.toJSONSchema(CaseFile, { io: 'input', target: 'draft-07' }) as JsonSchema;
  return { ...schema, title: 'Decision cases of mcp-gateway' };
}

/** Throws CONFIG_INVALID where there is a complaint. */
export function refuseCases({ root }: LoadedCases, complaints: readonly Complaint[]): void {
  if (complaints.length === 0) return;
  throw invalid(
    complaints.map(({ code, path, message, help, isAboutKey }) => ({
      code,
      path: pathText(path),
      message,
      help,
      place: isAboutKey === true ? placeOfKey(root, path) : placeOfValue(root, path),
    })),
  );
}

/** `name:line:column` of a value. */
export function placeIn({ root }: LoadedCases, path: TreePath): string {
  return positionText(placeOfValue(root, path));
}

/** What to say where a name is unknown: the one that was probably meant, or all there are. */
export function didYouMean(name: string, known: readonly string[], what: string): string {
  const meant = nearest(name, known);
  if (meant !== undefined) return `did you mean "${meant}"?`;
  return known.length === 0 ? `there are no ${what}` : `the ${what} are ${shortened(known)}`;
}

const MOST_NAMED = 12;

function shortened(names: readonly string[]): string {
  const more = names.length - MOST_NAMED;
  return more > 0 ? `${names.slice(0, MOST_NAMED).join(', ')} and ${more} more` : names.join(', ');
}

function emptyProblem({ place }: TreeNode): Problem {
  const help = 'the smallest file says "version: 1", a time, and one principal';
  return { code: 'E_VALUE', path: '', message: 'is empty; expected decision cases', help, place };
}

function invalid(problems: readonly Problem[]): GatewayError {
  return new GatewayError('CONFIG_INVALID', renderProblems(problems));
}

function principalComplaints({ cases: { cases, principals } }: LoadedCases): readonly Complaint[] {
  const known = Object.keys(principals);
  return cases.flatMap(({ principal: named }, index) =>
    named.flatMap((name, at): readonly Complaint[] => {
      if (name === '*' || known.includes(name)) return [];
      const message = `there is no principal "${name}" in this file`;
      const path = ['cases', index, 'principal', ...(named.length > 1 ? [at] : [])];
      return [{ code: 'E_VALUE', path, message, help: didYouMean(name, known, 'principals') }];
    }),
  );
}

/** A sample that a case names must be one of some tool that it names; of which tools, shows when they are known. */
function sampleComplaints({ cases: { cases, samples } }: LoadedCases): readonly Complaint[] {
  const known = [...new Set(Object.values(samples).flatMap((named) => Object.keys(named)))];
  return cases.flatMap(({ args = [] }, index) =>
    args.flatMap((one, at): readonly Complaint[] => {
      if (typeof one !== 'string' || known.includes(one)) return [];
      const path = ['cases', index, 'args', ...(args.length > 1 ? [at] : [])];
      return [
        { code: 'E_VALUE', path, message: `there is no sample "${one}"`, help: didYouMean(one, known, 'samples') },
      ];
    }),
  );
}
