import { GatewayError } from '../core/errors.ts';
import { ChainKeys } from './chain-key.ts';
import type { WholeChain } from './chain-check.ts';
import type { ChainRow } from './chain-row.ts';
import type { Found } from './chain-walk.ts';
import { numberedLines } from './checkpoint-file.ts';
import type { CheckpointReader } from './checkpoint-key.ts';
import { rowsOfLine } from './evidence-line.ts';
import { ExportedChain, type ExportKnown } from './exported-chain.ts';
import { checkSeal, sealPath } from './export-seal.ts';
import { type KnownCheckpoints, readCheckpoints } from './known-checkpoints.ts';
import { fileIdentity } from './private-file.ts';
import { checkpointNotes, together, type WholeLog } from './verify.ts';

export interface VerifyExportOptions {
  /** Lines as `decision export --format jsonl` writes them. */
  readonly file: string;
  /** Where the key of the chain may lie. */
  readonly home: string;
  /** A file of checkpoints, and who signs them; without both they prove nothing. */
  readonly checkpoints: string | undefined;
  readonly reader: CheckpointReader | undefined;
}

/** What proves what stands in the records: the key of the chain, the seal of the file, or nothing. */
export type Proof = 'key' | 'seal' | 'none';

export type ExportVerdict = (WholeLog & { readonly proof: Proof }) | Found;

/** Needs no store and no gateway. Throws STORE_UNAVAILABLE where a file cannot be read or is no export. */
export async function verifyExport(options: VerifyExportOptions): Promise<ExportVerdict> {
  const seal = await sealOf(options);
  if (typeof seal === 'object') return seal;
  const walk = new ExportWalk();
  for await (const row of inOrder(options.file)) {
    const found = walk.has(row.chain) ? undefined : await beginChain(walk, row, options);
    const problem = found ?? walk.take(row);
    if (problem !== undefined) return problem;
  }
  if (walk.isEmpty) return nothingIn(options.file);
  const verdict = walk.conclude(seal === 'good' ? 'seal' : 'none', await otherChainsOf(options, walk));
  return verdict.kind === 'ok' && seal === 'changed' ? notAsSealed(verdict) : verdict;
}

async function beginChain(walk: ExportWalk, row: ChainRow, options: VerifyExportOptions): Promise<Found | undefined> {
  const known = await checkpointsOf(options, [row.chain], undefined);
  walk.begin(row, { keys: keysOf(options.home, row.key), known });
  return known?.problem;
}

/** Chains that the store had as well by its checkpoints, each with the furthest record that they name. */
async function otherChainsOf(options: VerifyExportOptions, { chains, store }: ExportWalk): Promise<OtherChains> {
  if (store === undefined) return NO_OTHERS;
  return (await checkpointsOf(options, chains, store))?.others ?? NO_OTHERS;
}

type OtherChains = KnownCheckpoints['others'];
const NO_OTHERS: OtherChains = new Map();

/** No record tells by itself: its end may have been cut off behind the last checkpoint, or the key is not here. */
function notAsSealed({ seq }: WholeLog): Found {
  return {
    kind: 'edited',
    seq,
    id: '',
    why: 'the file is not what was sealed; which record is another, only the key can tell',
  };
}

/** What the seal says of the file, or what is wrong with the seal itself. */
async function sealOf({ file, reader }: VerifyExportOptions): Promise<'good' | 'changed' | 'none' | Found> {
  const path = sealPath(file);
  if (reader === undefined || fileIdentity(path) === undefined) return 'none';
  const seal = await checkSeal(file, path, reader);
  if (seal === 'good' || seal === 'changed') return seal;
  return seal === 'another key'
    ? { kind: 'rekeyed', seq: 0, id: '', why: `the seal of the file is signed with another key than ${reader.id}` }
    : { kind: 'edited', seq: 0, id: '', why: 'the seal of the file is not what was signed' };
}

/** Undefined where the key of the chain does not lie here. */
function keysOf(home: string, key: string): ChainKeys | undefined {
  const keys = new ChainKeys(home);
  try {
    return keys.find(key) === undefined ? undefined : keys;
  } catch (thrown) {
    if (thrown instanceof GatewayError) return undefined;
    throw thrown;
  }
}

async function checkpointsOf(
  { checkpoints: file, reader }: VerifyExportOptions,
  chains: readonly string[],
  store: string | undefined,
): Promise<KnownCheckpoints | undefined> {
  if (file === undefined || reader === undefined) return undefined;
  return readCheckpoints({ file, chains, store, reader });
}

function nothingIn(file: string): Found {
  return { kind: 'truncated', seq: 0, id: '', why: `there is no record in ${file}` };
}

/** The rows of an export in the order of their numbers. An outcome stands within its decision, before its own place. */
async function* inOrder(file: string): AsyncGenerator<ChainRow> {
  const later: ChainRow[] = [];
  for await (const [number, line] of numberedLines(file)) {
    const rows = rowsOfLine(line);
    const [first, outcome] = rows ?? [];
    if (first === undefined) throw strange(file, number);
    const begins = later.findIndex(({ seq }) => seq >= first.seq);
    yield* later.splice(0, begins < 0 ? later.length : begins);
    yield first;
    if (outcome !== undefined) putInOrder(later, outcome);
  }
  yield* later;
}

/** Most often at the end. */
function putInOrder(rows: ChainRow[], row: ChainRow): void {
  let at = rows.length;
  while (at > 0 && (rows[at - 1]?.seq ?? 0) > row.seq) at -= 1;
  rows.splice(at, 0, row);
}

function strange(file: string, number: number): GatewayError {
  return new GatewayError('STORE_UNAVAILABLE', `${file}:${number} is no line of an export`, {
    mend: 'Only files that `mcp-gateway decision export --format jsonl` wrote can be verified, as they were written.',
  });
}

/** All chains of an export. As it may have been narrowed, what is not in it is told of last. */
class ExportWalk {
  readonly #chains = new Map<string, ExportedChain>();
  #first = 0;
  #seq = 0;

  get isEmpty(): boolean {
    return this.#chains.size === 0;
  }

  get chains(): readonly string[] {
    return [...this.#chains.keys()];
  }

  /** The name of the store by the checkpoints. */
  get store(): string | undefined {
    return [...this.#chains.values()].find((chain) => chain.store !== undefined)?.store;
  }

  has(chain: string): boolean {
    return this.#chains.has(chain);
  }

  begin(row: ChainRow, known: ExportKnown): void {
    if (this.#chains.size === 0) this.#first = row.seq;
    this.#chains.set(row.chain, new ExportedChain(row, known));
  }

  take(row: ChainRow): Found | undefined {
    if (row.seq <= this.#seq)
      return { kind: 'edited', seq: row.seq, id: row.row.id, why: 'the records are not in their order' };
    this.#seq = row.seq;
    return this.#chains.get(row.chain)?.take(row);
  }

  conclude(proofWithoutKey: Exclude<Proof, 'key'>, others: OtherChains): ExportVerdict {
    const chains = [...this.#chains.values()];
    const hasSeveral = chains.length > 1 || chains.some(({ isRising }) => isRising);
    const named = (found: Found, chain: string): Found => (hasSeveral ? { ...found, chain } : found);
    for (const problemOf of [gapIn, cutIn]) {
      for (const chain of chains) {
        const found = problemOf(chain, hasSeveral);
        if (found !== undefined) return named(found, chain.whole().chain);
      }
    }
    const cut = hasSeveral ? chains.find((chain) => chain.isWitnessedFrom(this.#first)) : undefined;
    if (cut !== undefined) return headCut(cut.whole());
    const lost = [...others].find(([, seq]) => hasSeveral && seq >= this.#first);
    if (lost !== undefined) return lostChain(lost);
    const proof = chains.every(({ hasKey }) => hasKey) ? 'key' : proofWithoutKey;
    const wholes = chains.map((chain) => chain.whole()).toSorted((one, other) => (one.chain < other.chain ? -1 : 1));
    const [one] = chains;
    const behind = chains.reduce((sum, chain) => sum + chain.behind, 0);
    const known = one?.known && { unreadable: one.known.unreadable, others: hasSeveral ? NO_OTHERS : one.known.others };
    return {
      kind: 'ok',
      proof,
      ...together(wholes),
      chains: wholes,
      notes: [PROVEN[proof], ...this.#notes(chains, hasSeveral), ...checkpointNotes(known, behind)],
    };
  }

  #notes(chains: readonly ExportedChain[], hasSeveral: boolean): readonly string[] {
    if (hasSeveral) {
      const cut = chains.filter(({ isFromBeginning }) => !isFromBeginning).map((chain) => chain.whole());
      return cut.map(
        ({ chain, first }) => `what came before record ${first} in the chain ${chain} is not in the export`,
      );
    }
    if (chains.every(({ isFromBeginning }) => isFromBeginning)) return [];
    return [`the export begins with record ${this.#first}: what came before is not in it`];
  }
}

function gapIn(chain: ExportedChain, hasSeveral: boolean): Found | undefined {
  const { gap } = chain;
  if (gap === undefined) return undefined;
  const records = hasSeveral ? 'records' : `${gap.missing} records`;
  const why = `${records} are not in the export, which was narrowed, or they were taken out; those in it hold`;
  return { kind: 'missing', seq: gap.seq, id: '', why };
}

function cutIn(chain: ExportedChain): Found | undefined {
  const { seq, last_checkpoint: last } = chain.whole();
  if (last === null || last.seq <= seq) return undefined;
  const why = `a checkpoint of ${last.time} has record ${last.seq}: the end was cut off, or the export is older than that`;
  return { kind: 'truncated', seq: seq + 1, id: '', why };
}

function headCut({ chain, first }: WholeChain): Found {
  const why = `a checkpoint has records of the chain ${chain} before ${first}, which are not in the export though others are`;
  return { kind: 'missing', seq: first - 1, id: '', why, chain };
}

function lostChain([chain, seq]: readonly [string, number]): Found {
  const why = `a checkpoint has record ${seq} of the chain ${chain}, of which nothing is in the export: it was taken out, or the export was narrowed or is older`;
  return { kind: 'missing', seq, id: '', why, chain };
}

const PROVEN: Readonly<Record<Proof, string>> = {
  key: 'each record was checked with the key of the chain',
  seal: 'without the key of the chain the records are proven by the seal of the file alone: they are what the gateway’s home exported',
  none: 'without the key of the chain only the order of the records and those at checkpoints are proven, not what stands in the others',
};
