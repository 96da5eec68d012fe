import * as z from 'zod';
import { isJsonObject, type Json, type JsonObject } from '../core/json.ts';
import type { LockedServer } from '../core/server-lock.ts';
import type { Definitions } from '../review/unit-changes.ts';
import type { UnitWork } from './server-unit.ts';

/** A server as it was accepted before, with the definitions behind its pins. */
export interface KeptUnit {
  readonly locked: LockedServer;
  readonly definitions: Definitions;
}

const FACT = 'units before';
/** Units of one server to which one can go back. */
const MOST_KEPT = 5;

const Hash = z.string();
const Kept = z.array(
  z.object({
    locked: z.object({
      package: z.object({ name: z.string(), version: z.string(), integrity: z.string() }).nullable(),
      command: Hash,
      bundle: z.object({ digest: Hash }).nullable(),
      signer: z.string(),
      tools: z.record(z.string(), z.object({ contract: Hash, text: Hash })),
      instructions: Hash.optional(),
    }),
    definitions: z.record(z.string(), z.custom<JsonObject>(isJsonObject)),
  }),
);

/** Those before, the latest last. */
export async function keptUnits({ store }: UnitWork, id: string): Promise<readonly KeptUnit[]> {
  return Kept.safeParse(await store.catalog.readFact(id, FACT)).data ?? [];
}

/** The unit that is about to be replaced, so that `server rollback` finds it. */
export async function keepUnit(work: UnitWork, id: string, unit: KeptUnit): Promise<void> {
  await writeUnits(work, id, [...(await keptUnits(work, id)), unit].slice(-MOST_KEPT));
}

export async function dropLatestUnit(work: UnitWork, id: string): Promise<void> {
  await writeUnits(work, id, (await keptUnits(work, id)).slice(0, -1));
}

async function writeUnits({ store }: UnitWork, id: string, units: readonly KeptUnit[]): Promise<void> {
  await store.catalog.writeFact(id, FACT, units.map(asJson));
}

function asJson({ locked, definitions }: KeptUnit): Json {
  const { package: found, command, bundle, signer, tools, instructions } = locked;
  return {
    locked: {
      package: found && { name: found.name, version: found.version, integrity: found.integrity },
      command,
      bundle: bundle && { digest: bundle.digest },
      signer,
      tools: Object.fromEntries(Object.entries(tools).map(([tool, { contract, text }]) => [tool, { contract, text }])),
      ...(instructions !== undefined && { instructions }),
    },
    definitions,
  };
}
