import type { JsonObject } from '../src/core/json.ts';

export interface EchoArguments extends JsonObject {
  readonly text: string;
  readonly path: string;
  readonly amount: number;
  readonly hosts: readonly string[];
}

/** The call that is measured, different for every number, allowed by every set of bundles. */
export function ordinaryCall(number: number): EchoArguments {
  const row = number % ROWS;
  return {
    text: `Report ${number} of the night shift: all pumps ran, pressure was steady, nobody was called out of bed.`,
    path: `/srv/files/unit-${row}/reports/night-${number}.txt`,
    amount: (number % 400) + 0.5,
    hosts: [address(row), `files-${row}.northwind.example`],
  };
}

export const AGENT = 'bench-agent';
export const USER = 'sam@northwind.example';
export const TEAM = 'team-1';
export const DATA_CLASS = 'internal';
export const SERVER = 'echo';
export const TOOL = 'echo';
export const REGION = 'eu-central-1';

/** Rows of every table that the heavy bundles look things up in. */
const ROWS = 1000;

/** What the heavy bundles look up, by bundle: tables of 1,000 rows, in which the benchmark's agent is one more. */
export const TABLES: Readonly<Record<string, Readonly<Record<string, JsonObject>>>> = {
  identity: {
    agents: { ...table((row) => [`agent-${row}`, profile(`team-${row}`)]), [AGENT]: profile(TEAM) },
    revoked: table((row) => [`left-${row}@northwind.example`, true]),
  },
  resource: {
    folders: table((row) => [
      `unit-${row}`,
      { owner: `team-${row}`, agents: ['*-reader', 'bench-*'], class: DATA_CLASS, archived: row % 7 === 0 },
    ]),
    hosts: {
      ...table((row) => [address(row), `team-${row}`]),
      ...table((row) => [`files-${row}.northwind.example`, `team-${row}`]),
    },
  },
  workflow: { quotas: { ...table((row) => [`agent-${row}`, quota(100)]), [AGENT]: quota(1e9) } },
  compliance: { terms: table((row) => [`codename${row}`, row % 2 === 0 ? 'project' : 'merger']) },
  override: { permits: table((row) => [`agent-${row}/${SERVER}/${TOOL}`, permit(row)]) },
};

function address(row: number): string {
  return `10.1.${Math.floor(row / 250)}.${(row % 250) + 1}`;
}

function table(rowOf: (row: number) => readonly [string, JsonObject | string | boolean]): JsonObject {
  return Object.fromEntries(Array.from({ length: ROWS }, (_, row) => rowOf(row)));
}

function profile(team: string): JsonObject {
  return { enabled: true, team, capabilities: { server: [SERVER], data_class: [DATA_CLASS] } };
}

function quota(callsInARow: number): JsonObject {
  return { calls_in_a_row: callsInARow, tokens: 1e12, hours: 1000 };
}

function permit(row: number): JsonObject {
  return {
    lifts: ['workflow/BWF-202'],
    requested_by: 'dana@northwind.example',
    approved_by: 'lee@northwind.example',
    justification: `INC-${row}`,
    not_before: '2026-01-12T08:00:00+01:00',
    expires_at: '2026-01-16T18:00:00+01:00',
  };
}
