import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { canonicalJson, sha256Hex } from '../../src/core/canonical-json.ts';
import type { JsonObject } from '../../src/core/json.ts';
import type { SealedRecord } from '../../src/core/record.ts';
import type { Result } from '../e2e/clients.ts';
import { aPlace, decisionsOf, type Place, runProgram } from '../e2e/program.ts';
import { type RawClient, rawStdio, type RawServing } from '../e2e/raw-client.ts';
import { journal, receivedBy } from '../e2e/servers.ts';

/** How many times as many calls and kills as in an ordinary run: `FAULT_ROUNDS=10 npm run test:faults`. */
export const ROUNDS = Number(process.env['FAULT_ROUNDS'] ?? 1);

/** Handed to the upstream in its environment; it may stand nowhere else. */
const CANARY = 'canary-5f1e8d0c7b2a4e6f';

export interface Configured {
  readonly durability?: 'full' | 'normal';
  /** More lines of the configuration, which ends with its servers. */
  readonly more?: (folder: string) => string;
  /** More about the server `journal`. */
  readonly server?: string;
}

/** A gateway before the server that notes down each call it receives, and that has been given a secret. */
export function aFaultPlace({ durability = 'full', more = () => '', server = '' }: Configured = {}): Place {
  return aPlace(
    (folder) => `version: 1
gateway: { toolNames: prefixed }
decisions: { durability: ${durability}, arguments: full }
mcpServers:
  journal: { ${journal(folder)}, env: { TOKEN: ${CANARY} }${server} }
${more(folder)}`,
  );
}

/** A client whose server runs, so that what follows meets nothing that starts. */
export async function aReadyClient(place: Place, serving: RawServing = {}): Promise<RawClient> {
  const client = await rawStdio(place, serving);
  expect(await write(client, `first of ${client.pid}`)).toMatchObject({ kind: 'written' });
  return client;
}

export interface Written {
  readonly text: string;
  /** `unrecorded`: refused because it could not be recorded. `lost`: the gateway ended before it answered. */
  readonly kind: 'written' | 'unrecorded' | 'lost' | 'other';
  readonly answer: string;
}

export async function write(client: RawClient, text: string, tool = 'journal__write'): Promise<Written> {
  try {
    const result = await client.call(tool, { text });
    const answer = result.content[0]?.text ?? '';
    if (answer === 'written') return { text, kind: 'written', answer };
    return { text, kind: isUnrecorded(result) ? 'unrecorded' : 'other', answer };
  } catch (thrown) {
    const answer = String(thrown);
    return { text, kind: answer.includes('serve ended') ? 'lost' : 'other', answer };
  }
}

function isUnrecorded(result: Result): boolean {
  const decision = result._meta?.['mcp-gateway/decision'] as { readonly reasons: readonly string[] } | undefined;
  return decision?.reasons.includes('gateway.audit_unavailable') === true;
}

/** Writes so many texts, `inFlight` of them at a time. */
export async function writeMany(
  client: RawClient,
  name: string,
  { count, inFlight = 8, tool }: { readonly count: number; readonly inFlight?: number; readonly tool?: string },
): Promise<readonly Written[]> {
  const written: Written[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < count) written.push(await write(client, `${name} ${next++}`, tool));
  };
  await Promise.all(Array.from({ length: inFlight }, work));
  return written;
}

export function countOf(written: readonly Written[], kind: Written['kind']): number {
  return written.filter((one) => one.kind === kind).length;
}

export interface Figures {
  readonly received: number;
  readonly allowed: number;
  readonly acknowledged: number;
}

/**
 * What holds whatever has failed: each call that reached the server has a committed `allow` of its own with the same
 * arguments, so what was denied did not arrive, and nothing twice; each request was answered at most once; what an answer says was
 * decided stands in the log; the chain is whole; the server's secret is nowhere.
 */
export async function expectTruth(
  place: Place,
  clients: readonly RawClient[],
  secretsIn: readonly string[] = [join(place.folder, 'home')],
): Promise<Figures> {
  const records = (await decisionsOf(place)).filter(({ action }) => action === 'tool_call');
  const received = countsOf(receivedBy(place).map((call) => hashOf(call.name, call.arguments)));
  const allowed = countsOf(hashesOf(records, 'allow'));
  // Whatever was denied, was never asked for or arrived more often than it was allowed shows here.
  expect([...received].filter(([hash, count]) => count > (allowed.get(hash) ?? 0))).toEqual([]);

  const answers = clients.flatMap((client) => answersTo(client));
  const recorded = new Map(records.map((record) => [record.id, record.effect]));
  const acknowledged = answers.flatMap(decisionIn).filter(({ isRecorded }) => isRecorded);
  expect(acknowledged.filter(({ id, effect }) => recorded.get(id) !== effect)).toEqual([]);

  expect(await runProgram(place, ['decision', 'verify'])).toMatchObject({ code: 0 });
  for (const client of clients) expect(client.lines().join('\n') + client.stderr()).not.toContain(CANARY);
  for (const folder of secretsIn) expect(filesWith(folder, CANARY)).toEqual([]);
  return { received: sumOf(received), allowed: sumOf(allowed), acknowledged: acknowledged.length };
}

/** One line a figure, for docs/security.md. */
export function report(what: string, figures: object): void {
  process.stdout.write(`${JSON.stringify({ what, ...figures })}\n`);
}

/** Of a tool that does not exist no arguments are kept, and it has no server that could have received them. */
function hashesOf(records: readonly SealedRecord[], effect: string): readonly string[] {
  const those = records.filter((record) => record.effect === effect);
  return those.flatMap((record) => {
    const { action } = record.input as { readonly action?: { readonly args: JsonObject } };
    return action === undefined ? [] : [hashOf(record.tool, action.args)];
  });
}

function countsOf(hashes: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const hash of hashes) counts.set(hash, (counts.get(hash) ?? 0) + 1);
  return counts;
}

function sumOf(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}

function hashOf(tool: string, args: object): string {
  return sha256Hex(canonicalJson([tool, args as JsonObject]));
}

interface Line {
  readonly id?: string | number | null;
  readonly method?: string;
  readonly result?: { readonly _meta?: Readonly<Record<string, unknown>> };
}

/** No request was answered twice. */
function answersTo(client: RawClient): readonly Line[] {
  const answers = client
    .lines()
    .map((line) => JSON.parse(line) as Line)
    .filter(({ id, method }) => id !== undefined && method === undefined);
  expect(new Set(answers.map(({ id }) => id)).size).toBe(answers.length);
  return answers;
}

interface Told {
  readonly effect: string;
  readonly reasons: readonly string[];
  readonly metadata: { readonly decision_id: string };
}

function decisionIn({ result }: Line): readonly { id: string; effect: string; isRecorded: boolean }[] {
  const told = result?._meta?.['mcp-gateway/decision'] as Told | undefined;
  if (told === undefined) return [];
  const isRecorded = !told.reasons.includes('gateway.audit_unavailable');
  return [{ id: told.metadata.decision_id, effect: told.effect, isRecorded }];
}

function filesWith(folder: string, secret: string): readonly string[] {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.map(({ parentPath, name }) => join(parentPath, name)).filter((file) => holds(file, secret));
}

function holds(file: string, secret: string): boolean {
  return readFileSync(file).includes(secret);
}
