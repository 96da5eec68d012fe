import { GatewayError } from '../core/errors.ts';
import { hexOf, Sealers } from './chain.ts';
import { ChainKeys } from './chain-key.ts';
import type { ChainRow } from './chain-row.ts';
import { ChainWalk, type Found } from './chain-walk.ts';
import { numberedLines } from './checkpoint-file.ts';
import type { CheckpointReader } from './checkpoint-key.ts';
import { rowsOfLine } from './evidence-line.ts';
import { checkSeal, sealPath } from './export-seal.ts';
import { type KnownCheckpoints, readCheckpoints } from './known-checkpoints.ts';
import { fileIdentity } from './private-file.ts';
import { checkpointNotes, type WholeLog } from './verify.ts';
import { Witness } from './witness.ts';

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
  const rows = inOrder(options.file);
  const first = await rows.next();
  if (first.done === true) return nothingIn(options.file);
  const { chain, key } = first.value;
  const keys = keysOf(options.home, key);
  const known = await checkpointsOf(options, chain);
  if (known?.problem !== undefined) return known.problem;
  const walk = new ExportWalk(first.value, { keys, known });
  const problem = walk.take(first.value);
  if (problem !== undefined) return problem;
  for await (const row of rows) {
    const found = walk.take(row);
    if (found !== undefined) return found;
  }
  const verdict = walk.conclude(keys === undefined ? (seal === 'good' ? 'seal' : 'none') : 'key');
  return verdict.kind === 'ok' && seal === 'changed' ? notAsSealed(verdict) : verdict;
}

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
  chain: string,
): Promise<KnownCheckpoints | undefined> {
  if (file === undefined || reader === undefined) return undefined;
  return readCheckpoints({ file, chain, store: undefined, reader });
}

function nothingIn(file: string): Found {
  return { kind: 'truncated', seq: 0, id: '', why: `there is no record in ${file}` };
}

/** The rows of an export in the order of their chain. An outcome stands within its decision, before its own place. */
async function* inOrder(file: string): AsyncGenerator<ChainRow> {
  const later = new Map<number, ChainRow>();
  let next = 0;
  for await (const [number, line] of numberedLines(file)) {
    const rows = rowsOfLine(line);
    const [first, outcome] = rows ?? [];
    if (first === undefined) throw strange(file, number);
    for (; later.size > 0 && next < first.seq; next += 1) {
      const row = later.get(next);
      if (row !== undefined) yield row;
      later.delete(next);
    }
    yield first;
    next = first.seq + 1;
    if (outcome !== undefined) later.set(outcome.seq, outcome);
  }
  for (const seq of [...later.keys()].toSorted((left, right) => left - right)) {
    const row = later.get(seq);
    if (row !== undefined) yield row;
  }
}

function strange(file: string, number: number): GatewayError {
  return new GatewayError('STORE_UNAVAILABLE', `${file}:${number} is no line of an export`, {
    mend: 'Only files that `mcp-gateway decision export --format jsonl` wrote can be verified, as they were written.',
  });
}

interface Known {
  readonly keys: ChainKeys | undefined;
  readonly known: KnownCheckpoints | undefined;
}

/** As an export may have been narrowed, what is not in it is told of last. */
class ExportWalk {
  readonly #chain: string;
  readonly #known: Known['known'];
  readonly #sealers: Sealers | undefined;
  readonly #witness: Witness;
  readonly #first: number;
  #walk: ChainWalk;
  #rows = 0;
  #gap: number | undefined;
  #missing = 0;

  constructor({ chain, seq }: ChainRow, { keys, known }: Known) {
    this.#chain = chain;
    this.#known = known;
    this.#sealers = keys && new Sealers(keys);
    this.#witness = new Witness(known?.checkpoints ?? []);
    this.#first = seq;
    this.#walk = this.#begin(seq);
  }

  #begin(seq: number): ChainWalk {
    return new ChainWalk({ chain: this.#chain, sealers: this.#sealers, after: seq - 1 });
  }

  take(row: ChainRow): Found | undefined {
    const next = this.#walk.seq + 1;
    if (row.seq < next)
      return { kind: 'edited', seq: row.seq, id: row.row.id, why: 'the records are not in their order' };
    if (row.seq > next) {
      this.#gap ??= next;
      this.#missing += row.seq - next;
      this.#walk = this.#begin(row.seq);
    }
    this.#rows += 1;
    return this.#walk.take(row) ?? this.#witness.see(row);
  }

  conclude(proof: Proof): ExportVerdict {
    const { seq, hash } = this.#walk;
    if (this.#gap !== undefined) {
      const why = `${this.#missing} records are not in the export, which was narrowed, or they were taken out; those in it hold`;
      return { kind: 'missing', seq: this.#gap, id: '', why };
    }
    const { last, seen } = this.#witness;
    if (last !== undefined && last.seq > seq) {
      const why = `a checkpoint of ${last.time ?? ''} has record ${last.seq}: the end was cut off, or the export is older than that`;
      return { kind: 'truncated', seq: seq + 1, id: '', why };
    }
    return {
      kind: 'ok',
      proof,
      rows: this.#rows,
      chain: this.#chain,
      first: this.#first,
      seq,
      hash: hexOf(hash),
      checkpoints: seen,
      last_checkpoint: last === undefined ? null : { seq: last.seq, time: last.time ?? '' },
      notes: [...this.#notes(proof), ...checkpointNotes(this.#known, { seq, last: last?.seq ?? 0 })],
    };
  }

  #notes(proof: Proof): readonly string[] {
    const notes: string[] = [PROVEN[proof]];
    if (this.#first > 1) notes.push(`the export begins with record ${this.#first}: what came before is not in it`);
    return notes;
  }
}

const PROVEN: Readonly<Record<Proof, string>> = {
  key: 'each record was checked with the key of the chain',
  seal: 'without the key of the chain the records are proven by the seal of the file alone: they are what the gateway’s home exported',
  none: 'without the key of the chain only the order of the records and those at checkpoints are proven, not what stands in the others',
};
