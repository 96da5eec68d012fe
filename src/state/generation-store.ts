import { gunzipSync, gzipSync } from 'node:zlib';
import * as z from 'zod';
import type { Activation } from '../core/generation.ts';
import type { PolicyPin } from '../core/policy-pin.ts';
import { LAYERS } from '../core/opinion.ts';
import { seenRevisions, seeRevision } from './bundle-revisions.ts';
import type { StoreConnection } from './connection.ts';
import type { SqlRow } from './driver.ts';
import { listPins } from './policy-pins.ts';
import { all, alone, one, run, type Work } from './work.ts';

/** Everything that was ever in force: so an old decision can be made again, and what decided before can return. */
export interface GenerationStore {
  /** Keeps a text under a key of its contents; what is there is left as it is. */
  keep(key: string, text: string): Promise<void>;
  /** What is kept under a key; undefined where nothing is. */
  readKept(key: string): Promise<string | undefined>;
  /** Says that a generation is in force from now on; nothing is added where the newest says the same. */
  activate(activation: Omit<Activation, 'seq'>): Promise<void>;
  /** The newest first. */
  activations(limit: number): Promise<readonly Activation[]>;
  /** The newest activation of a generation; undefined where it was never in force, or before any was kept. */
  activationOf(generation: string): Promise<Activation | undefined>;
  /** All activations of a generation, the newest first: its bundles are the same in each, their modes may not be. */
  activationsOf(generation: string): Promise<readonly Activation[]>;
  /** The highest revision of each signed bundle that was ever in force; empty where it stands in no order. */
  seenRevisions(): Promise<ReadonlyMap<string, string>>;
  /** A revision of a signed bundle is in force. */
  seeRevision(bundle: string, revision: string): Promise<void>;
  /** The bundles that were rolled back, in the order of their ids. Cheap enough to be asked every two seconds. */
  pins(): Promise<readonly PolicyPin[]>;
}

/** What can be asked of it by whoever only reads. */
export type GenerationReader = Pick<
  GenerationStore,
  'readKept' | 'activations' | 'activationOf' | 'activationsOf' | 'pins'
>;

/** Under which key a bundle is kept. */
export function bundleKey({ digest, dataDigest }: { readonly digest: string; readonly dataDigest: string }): string {
  return `bundle ${digest} ${dataDigest}`;
}

/** Under which key the text of a library is kept. */
export function libraryKey(digest: string): string {
  return `library ${digest}`;
}

const COLUMNS = 'seq, generation, at, instance, why, facts';

export function createGenerationStore(connection: StoreConnection): GenerationStore {
  return {
    keep: (key, text) => connection.ask(() => keep(key, text)),
    readKept: (key) => readKept(connection, key),
    activate: (activation) => connection.change(() => activate(activation)),
    activations: (limit) =>
      readActivations(connection, `select ${COLUMNS} from activations order by seq desc limit ?`, limit),
    activationOf: async (generation) => (await readActivations(connection, `${OF_GENERATION} limit 1`, generation))[0],
    activationsOf: (generation) => readActivations(connection, OF_GENERATION, generation),
    seenRevisions: () => connection.ask(seenRevisions),
    seeRevision: (bundle, revision) => connection.change(() => seeRevision(bundle, revision)),
    pins: () => connection.ask(listPins),
  };
}

const OF_GENERATION = `select ${COLUMNS} from activations where generation = ? order by seq desc`;

async function readActivations(
  connection: StoreConnection,
  text: string,
  value: string | number,
): Promise<readonly Activation[]> {
  return (await connection.ask(() => all(text, value))).map(toActivation);
}

function* keep(key: string, text: string): Work<void> {
  if ((yield* one('select 1 from kept_policy where key = ?', key)) !== undefined) return;
  const insert = 'insert into kept_policy (key, body) values (?, ?) on conflict (key) do nothing';
  yield* run(insert, key, gzipSync(text));
}

async function readKept(connection: StoreConnection, key: string): Promise<string | undefined> {
  const row = await connection.ask(() => one('select body from kept_policy where key = ?', key));
  const body = row?.['body'];
  return body instanceof Uint8Array ? gunzipSync(body).toString() : undefined;
}

function* activate(activation: Omit<Activation, 'seq'>): Work<void> {
  yield* alone(() => ['activations']);
  const { generation, at, instance, why, facts } = activation;
  const text = JSON.stringify(facts);
  const newest = yield* one('select generation, facts from activations order by seq desc limit 1');
  if (newest?.['generation'] === generation && newest['facts'] === text) return;
  const insert = 'insert into activations (generation, at, instance, why, facts) values (?, ?, ?, ?, ?)';
  yield* run(insert, generation, at, instance, why, text);
}

const Layers = z.enum(LAYERS);
const Modes = z.enum(['enforce', 'warn', 'shadow']);
const Texts = z.array(z.string());

const Facts = z.object({
  bundles: z.array(
    z.object({
      id: z.string(),
      layer: Layers,
      place: z.discriminatedUnion('kind', [
        z.object({
          kind: z.literal('organisation'),
          scope: z.object({ servers: Texts, agents: Texts, tools: Texts }),
        }),
        z.object({ kind: z.literal('server'), server: z.string() }),
        z.object({ kind: z.literal('agent'), agent: z.string() }),
        z.object({ kind: z.literal('starter') }),
      ]),
      mode: Modes,
      ruleModes: z.record(z.string(), Modes),
      digest: z.string(),
      dataDigest: z.string(),
      source: z.string(),
      signer: z.string().optional(),
      signatureEndsMs: z.number().nullable().optional(),
    }),
  ),
  required: z.array(Layers),
  evaluationFuel: z.number(),
  library: z.string(),
  toolchain: z.string(),
});

function toActivation(row: SqlRow): Activation {
  return {
    seq: Number(row['seq']),
    generation: String(row['generation']),
    at: Number(row['at']),
    instance: String(row['instance']),
    why: String(row['why']),
    facts: Facts.parse(JSON.parse(String(row['facts']))),
  };
}
