import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import * as z from 'zod';
import { type Revision, SUITE } from './packages.ts';

const Checks = z.array(
  z.object({
    id: z.string(),
    name: z.string(),
    status: z.enum(['SUCCESS', 'FAILURE', 'WARNING', 'SKIPPED', 'INFO']),
    errorMessage: z.string().optional(),
  }),
);

const Requirements = z.object({
  server: z.array(z.string()),
  not_scored: z.array(z.object({ scenario: z.string(), leg: z.string() })),
});

export interface Scenario {
  readonly name: string;
  /** Whether the revision counts it. */
  readonly isScored: boolean;
  readonly checks: z.output<typeof Checks>;
}

export interface Report {
  /** Where the suite wrote `server-<scenario>-<time>/checks.json`, and `suite.log`: what it printed. */
  readonly folder: string;
  readonly scenarios: readonly Scenario[];
}

export function readReport(folder: string, revision: Revision): Report {
  const { server, not_scored } = Requirements.parse(
    parse(readFileSync(join(SUITE, 'requirements', `${revision}.yaml`), 'utf8')),
  );
  const unscored = not_scored.filter(({ leg }) => leg === 'server').map(({ scenario }) => scenario);
  const written = readdirSync(folder);
  const scenarios = [...server, ...unscored].map((name) => ({
    name,
    isScored: server.includes(name),
    checks: written.filter((entry) => isOf(entry, name)).flatMap((entry) => readChecks(join(folder, entry))),
  }));
  return { folder, scenarios };
}

/** A scenario without checks did not run, or broke off: `suite.log` says why. */
export function hasPassed({ checks }: Scenario): boolean {
  return checks.length > 0 && checks.every(({ status }) => status !== 'FAILURE');
}

/** How many of the scenarios have passed, as `30/30`. */
export function scoreOf(scenarios: readonly Scenario[]): string {
  return `${scenarios.filter(hasPassed).length}/${scenarios.length}`;
}

/** The checks that failed or warned, by scenario, id and name; what they said differs from run to run. */
export function shortChecksOf(scenarios: readonly Scenario[]): readonly string[] {
  return scenarios.flatMap(({ name, checks }) => {
    if (checks.length === 0) return [`${name}: broke off`];
    return checks.filter(isShort).map((check) => `${name}: ${check.id} (${check.name})`);
  });
}

/** One line for each check that failed or warned, and for each scenario that broke off. */
export function shortfallsOf(scenarios: readonly Scenario[]): readonly string[] {
  return scenarios.flatMap(({ name, checks }) => {
    if (checks.length === 0) return [`${name}: did not come to its end`];
    return checks
      .filter(isShort)
      .map((check) => `${name}: ${check.status} ${check.id} (${check.name}): ${check.errorMessage ?? ''}`);
  });
}

function isShort({ status }: Scenario['checks'][number]): boolean {
  return status === 'FAILURE' || status === 'WARNING';
}

/** A folder is named after its scenario and the time. */
function isOf(entry: string, scenario: string): boolean {
  const start = `server-${scenario}-`;
  return entry.startsWith(start) && /^\d{4}-\d{2}-\d{2}T/.test(entry.slice(start.length));
}

/** The folder stays empty when the scenario broke off. */
function readChecks(folder: string): Scenario['checks'] {
  const file = join(folder, 'checks.json');
  return existsSync(file) ? Checks.parse(JSON.parse(readFileSync(file, 'utf8'))) : [];
}
