import { mkdirSync, rmSync } from 'node:fs';
import { type BundleLoader, readLibrary } from '../src/app/bundles.ts';
import { loadPolicies, type WantedBundle } from '../src/app/policies.ts';
import { validateAgainst } from '../src/catalog/validate-against.ts';
import type { Clock } from '../src/core/clock.ts';
import type { JsonObject } from '../src/core/json.ts';
import type { Logger } from '../src/core/logger.ts';
import type { DecisionRecord } from '../src/core/record.ts';
import { rule } from '../src/gateway/rule.ts';
import { Toolchain } from '../src/rego/toolchain.ts';
import type { LogRow } from '../src/state/chain.ts';
import { decisionRow } from '../src/state/log-rows.ts';
import { createMasker } from '../src/state/masking.ts';
import { complain, inputOf, SIX, wantedBundle } from './decide.ts';
import { WARM_CACHE, WORK } from './place.ts';
import { CALLER } from './state.ts';
import { SERVER, TEAM, TOOL } from './workload.ts';

/** What is another one in every record that is made of a template. */
export interface Particulars {
  readonly id: string;
  readonly atMs: number;
  readonly agent: string;
  readonly user: string;
}

/** A decision as the program writes it, but for its particulars. */
export interface Template {
  readonly row: Omit<LogRow, 'instance'>;
  /** The row of a decision with these particulars. */
  with(particulars: Particulars, instance: string): LogRow;
}

const SERVERS = 24;
const TOOLS_OF_EACH = 12;
/** On a server of its own, with a tool that nothing else has: one decision in so many thousands. */
export const RARE = { server: 'rare', tool: 'rare_tool', user: 'user-rare', agent: 'agent-rare' } as const;

const AT_MS = Date.parse('2001-02-03T04:05:06.789Z');
const MARKS = {
  id: '11111111-1111-7111-8111-111111111111',
  agent: 'the-agent-of-this-record',
  user: 'the-user-of-this-record',
};
const ISO = new Date(AT_MS).toISOString();

const clock: Clock = { now: () => AT_MS, monotonic: () => performance.now() };
const logger: Logger = { debug: ignore, info: ignore, warn: ignore, error: complain };

/** What is asked of the six heavy bundles; `denied` by one or several of their rules. */
const ODD: readonly JsonObject[] = [
  { text: 'Send it to DE44 5001 0517 5407 3249 31 before noon, the pumps will wait until then.' },
  { text: 'Card 4111 1111 1111 1111 was left in the pump house; who has lost it shall call back.' },
  { text: 'Write to a@x.example, b@x.example, c@x.example and d@x.example about the night shift.' },
  { text: 'All about codename7, as it stands tonight: the pumps ran, nobody was called out.' },
  { path: '/srv/files/../../etc/shadow' },
  { hosts: ['169.254.169.254', '10.9.9.9'] },
  { amount: 1_000_000_000 },
];

/**
 * A few hundred decisions, made by the gateway's own code on the six heavy bundles: 24 servers with twelve tools each, calls
 * as they are ordinarily, and some that are denied. `writeBundles` has run.
 */
export async function makeTemplates(): Promise<readonly Template[]> {
  const folder = `${WORK}templates/`;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const toolchain = new Toolchain({ cacheFolder: WARM_CACHE });
  try {
    const loader: BundleLoader = { toolchain, library: readLibrary(), validate: validateAgainst };
    const decide = await aJudge(SIX.map(wantedBundle), loader);
    const tools = Array.from({ length: SERVERS * TOOLS_OF_EACH }, (_, number) => number);
    return tools.flatMap((number) => {
      const server = `server-${String(number % SERVERS).padStart(2, '0')}`;
      const tool = `tool_${String(number)}`;
      return [decide(number, {}), decide(number, ODD[number % ODD.length] ?? {})].map((record) =>
        templateOf(placed(record, server, tool)),
      );
    });
  } finally {
    await toolchain.close();
  }
}

function ignore(): void {
  // What is worth a warning in a gateway is not worth a line in a benchmark.
}

type Judge = (number: number, odd: JsonObject) => DecisionRecord;

async function aJudge(wanted: readonly WantedBundle[], loader: BundleLoader): Promise<Judge> {
  const options = { loader, required: [], evaluationFuel: 2_000_000, engine: 'native', clock, logger } as const;
  const policy = await loadPolicies(wanted, options);
  const masker = createMasker({ arguments: 'redacted', redact: [], secrets: [], keyedHash: (value) => value });
  const mask = {
    maskInput: (input: Parameters<typeof masker.maskInput>[0]) => masker.maskInput(input, []),
    maskQuotes: <T>(value: T, hidden: ReadonlySet<string>): T => masker.maskQuotes(value, hidden),
  };
  const labels = { ttlMs: 3_600_000, isSticky: () => false };
  const court = { policy, clock, newId: () => MARKS.id, mask, labels };
  return (number, odd) => {
    const plain = inputOf(number);
    const input = {
      ...plain,
      action: { ...plain.action, args: { ...plain.action.args, ...odd } },
      environment: { ...plain.environment, time: ISO, time_ms: AT_MS },
    };
    const about = { action: 'tool_call', server: SERVER, tool: TOOL } as const;
    return rule({ caller: CALLER, ...about, own: [], input, dropped: [], traceId: '' }, court).record;
  };
}

/** The same about another server and tool, asked by whoever will be put in. */
function placed(record: DecisionRecord, server: string, tool: string): DecisionRecord {
  const agent = { ...record.principal.agent, id: MARKS.agent, owner_team: TEAM };
  const user = { ...record.principal.user, id: MARKS.user };
  const input = record.input as JsonObject;
  const members = {
    ...input,
    agent: { ...(input['agent'] as JsonObject), id: MARKS.agent },
    user: { ...(input['user'] as JsonObject), id: MARKS.user },
    server: { ...(input['server'] as JsonObject), id: server },
    action: { ...(input['action'] as JsonObject), tool },
  };
  return { ...record, server, tool, principal: { agent, user }, input: members };
}

const PARTS = new RegExp(
  `(${[MARKS.id, MARKS.agent, MARKS.user, ISO.replaceAll('.', '\\.'), String(AT_MS)].join('|')})`,
);

function templateOf(record: DecisionRecord): Template {
  const row = decisionRow(record, JSON.stringify(record), '');
  const parts = row.body.split(PARTS);
  return {
    row,
    with({ id, atMs, agent, user }, instance) {
      const time = new Date(atMs).toISOString();
      const filled = {
        [MARKS.id]: id,
        [MARKS.agent]: agent,
        [MARKS.user]: user,
        [ISO]: time,
        [String(AT_MS)]: String(atMs),
      };
      let body = '';
      for (const part of parts) body += filled[part] ?? part;
      return { ...row, id, time, agent, user, instance, body };
    },
  };
}
