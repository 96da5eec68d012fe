import { callersOf, surroundingsIn } from './case-trial.ts';
import type { TrialGround } from './trial.ts';
import { matchesGlob } from '../catalog/glob.ts';
import { sampleArguments } from '../catalog/sample-arguments.ts';
import { didYouMean, type LoadedCases, placeIn, refuseCases } from '../config/case-file.ts';
import type { Config } from '../config/paths.ts';
import type { Complaint } from '../config/problems.ts';
import type { CaseFile, DecisionCase } from '../config/schema-cases.ts';
import { canonicalJson } from '../core/canonical-json.ts';
import type { JsonObject } from '../core/json.ts';
import type { Trial } from '../gateway/trial.ts';
import type { Expectation } from '../review/expectation.ts';

/** A principal with a tool and arguments. */
export interface Cell {
  readonly principal: string;
  /** `<server>/<tool>` */
  readonly tool: string;
  /** Name of the sample, or the arguments as JSON. */
  readonly sample: string;
  readonly trial: Trial;
}

/** One call with what must come of it. */
export interface Check extends Cell {
  /** `unlisted`: no case lists this principal with this tool. */
  readonly kind: 'case' | 'unlisted';
  readonly name: string;
  /** `file:line:column` of the case, or the file alone. */
  readonly place: string;
  readonly expectation: Expectation;
}

export interface Expanding {
  readonly config: Config;
  readonly ground: Pick<TrialGround, 'routes' | 'check'>;
}

/**
 * All calls that the cases of a file stand for, and after them those that no case lists. Throws CONFIG_INVALID where a
 * case names what is not there, or a sample does not fit its tool.
 */
export async function checksOf(loaded: LoadedCases, expanding: Expanding): Promise<readonly Check[]> {
  const { cases } = loaded;
  const { routes } = expanding.ground;
  refuseCases(loaded, [...toolComplaints(loaded, [...routes.keys()]), ...(await misfits(loaded, expanding))]);
  const cells = cellsOf(loaded, expanding);
  const callers = callersOf(cases, expanding.config);
  const surroundings = surroundingsIn(cases, expanding.config);
  const listed = cases.cases.flatMap((one, index) => {
    const { name, expect: expectation } = one;
    const place = placeIn(loaded, ['cases', index, 'name']);
    const around = surroundings(one);
    return toolsOf(one, [...routes.keys()]).flatMap((tool) =>
      argumentsOf(one, tool, { cases, routes }).flatMap(({ sample, args }) =>
        principalsOf(one, callers).map(([principal, caller]): Check => {
          const trial = { ...around, ...callOf(tool, args), caller };
          return { kind: 'case', name, place, principal, tool, sample, trial, expectation };
        }),
      ),
    );
  });
  if (cases.unlisted === 'unchecked') return listed;
  const known = new Set(listed.map(pairOf));
  const others = cells.filter((cell) => !known.has(pairOf(cell)));
  return [...listed, ...others.map((cell): Check => ({ ...cell, ...DENIED, place: loaded.name }))];
}

const DENIED = {
  kind: 'unlisted',
  name: 'what no case lists is denied',
  expectation: { effect: 'deny' },
} as const;

function pairOf({ principal, tool }: Pick<Cell, 'principal' | 'tool'>): string {
  return `${tool} ${principal}`;
}

/** Every principal of a file with every tool it is about, and each sample of that. */
export function cellsOf({ cases }: Pick<LoadedCases, 'cases'>, { config, ground }: Expanding): readonly Cell[] {
  const around = surroundingsIn(cases, config)({});
  return [...callersOf(cases, config)].flatMap(([principal, caller]) =>
    [...ground.routes.keys()].flatMap((tool) =>
      samplesFor(tool, { cases, routes: ground.routes }).map(({ sample, args }): Cell => ({
        principal,
        tool,
        sample,
        trial: { ...around, ...callOf(tool, args), caller },
      })),
    ),
  );
}

/** Full names of tools for which no valid arguments could be made. */
export async function unsampled(
  { cases }: Pick<LoadedCases, 'cases'>,
  { ground }: Expanding,
): Promise<readonly string[]> {
  const found = [...ground.routes].map(async ([tool, route]) => {
    if (cases.samples[tool] !== undefined) return [];
    const finding = await ground.check(route, sampleArguments(route.inputSchema));
    return finding.kind === 'invalid' ? [tool] : [];
  });
  return (await Promise.all(found)).flat();
}

function principalsOf<C>(
  { principal }: DecisionCase,
  callers: ReadonlyMap<string, C>,
): readonly (readonly [string, C])[] {
  return [...callers].filter(([name]) => principal.includes('*') || principal.includes(name));
}

function toolsOf({ tool: patterns }: DecisionCase, tools: readonly string[]): readonly string[] {
  return tools.filter((tool) => patterns.some((pattern) => matchesGlob(pattern, tool)));
}

function callOf(name: string, args: JsonObject): Pick<Trial, 'server' | 'tool' | 'args'> {
  const slash = name.indexOf('/');
  return { server: name.slice(0, slash), tool: name.slice(slash + 1), args };
}

interface Sample {
  readonly sample: string;
  readonly args: JsonObject;
}

interface Sampling extends Pick<TrialGround, 'routes'> {
  readonly cases: CaseFile;
}

function argumentsOf({ args }: DecisionCase, tool: string, sampling: Sampling): readonly Sample[] {
  const samples = samplesFor(tool, sampling);
  if (args === undefined) return samples;
  return args.flatMap((given) =>
    typeof given === 'string'
      ? samples.filter(({ sample }) => sample === given)
      : [{ sample: canonicalJson(given), args: given }],
  );
}

/** Those that the file names, else the least that the tool takes. */
function samplesFor(tool: string, { cases, routes }: Sampling): readonly Sample[] {
  const named = Object.entries(cases.samples[tool] ?? {});
  if (named.length > 0) return named.map(([sample, args]) => ({ sample, args }));
  const args = sampleArguments(routes.get(tool)?.inputSchema ?? {});
  return [{ sample: canonicalJson(args), args }];
}

/** Tools that are named and not there, and samples that are named of a tool that has no such one. */
function toolComplaints({ cases: { cases, samples } }: LoadedCases, tools: readonly string[]): readonly Complaint[] {
  const unknown = (name: string, path: readonly PropertyKey[], isAboutKey: boolean): Complaint => {
    const message = /[*?]/.test(name) ? `"${name}" fits no tool` : `there is no tool "${name}"`;
    return { code: 'E_VALUE', path, message, help: didYouMean(name, tools, 'tools'), isAboutKey };
  };
  const ofSamples = Object.keys(samples).filter((name) => !tools.includes(name));
  return [
    ...ofSamples.map((name) => unknown(name, ['samples', name], true)),
    ...cases.flatMap((one, index) => [
      ...one.tool
        .filter((pattern) => !tools.some((tool) => matchesGlob(pattern, tool)))
        .map((pattern) => unknown(pattern, ['cases', index, 'tool', ...placeOf(one.tool, pattern)], false)),
      ...sampleComplaints(one, index, { samples, tools }),
    ]),
  ];
}

/** Where a value stands in what may be a list of several or one alone. */
function placeOf<T>(given: readonly T[], one: T): readonly PropertyKey[] {
  return given.length > 1 ? [given.indexOf(one)] : [];
}

function sampleComplaints(
  one: DecisionCase,
  index: number,
  { samples, tools }: Pick<CaseFile, 'samples'> & { readonly tools: readonly string[] },
): readonly Complaint[] {
  const { args = [] } = one;
  return args.flatMap((given) => {
    if (typeof given !== 'string') return [];
    const lacking = toolsOf(one, tools).filter((tool) => samples[tool]?.[given] === undefined);
    return lacking.map((tool): Complaint => {
      const help = didYouMean(given, Object.keys(samples[tool] ?? {}), 'samples');
      const path = ['cases', index, 'args', ...placeOf(args, given)];
      return { code: 'E_VALUE', path, message: `the tool ${tool} has no sample "${given}"`, help };
    });
  });
}

/** Samples that their own tool does not take: they would be denied for that, and show nothing of policy. */
async function misfits({ cases }: LoadedCases, { ground }: Expanding): Promise<readonly Complaint[]> {
  const found = Object.entries(cases.samples).flatMap(([tool, named]) =>
    Object.entries(named).map(async ([sample, args]): Promise<readonly Complaint[]> => {
      const route = ground.routes.get(tool);
      const finding = route === undefined ? undefined : await ground.check(route, args);
      if (finding?.kind !== 'invalid') return [];
      const problems = finding.problems.map(({ pointer, expected }) => `${pointer || '/'} ${expected}`).join('; ');
      const message = `does not fit the input schema of ${tool}: ${problems}`;
      const help = 'arguments that must be refused stand in the case itself';
      return [{ code: 'E_VALUE', path: ['samples', tool, sample], message, help, isAboutKey: true }];
    }),
  );
  return (await Promise.all(found)).flat();
}
