import { setImmediate } from 'node:timers/promises';
import type { ChainCheck, WholeChain } from './chain-check.ts';
import { ChainKeys } from './chain-key.ts';
import type { Found } from './chain-walk.ts';
import { checkpointPath } from './checkpoint-file.ts';
import { type CheckpointReader, publicKeyPath, readPublicKey } from './checkpoint-key.ts';
import type { Numbering, StoreConnection } from './connection.ts';
import type { Driver } from './driver.ts';
import { type KnownCheckpoints, readCheckpoints } from './known-checkpoints.ts';
import { type CheckedPart, headsOf, LogCheck, noEnd } from './log-check.ts';
import { openConnection, type StorePlace } from './open-connection.ts';
import { fileIdentity } from './private-file.ts';
import type { ExpectedPlace } from './witness.ts';

/** What the chains say of the log. */
export type ChainVerdict = WholeLog | Found;

/** Nothing is wrong with it, as far as this could be looked into. Of several chains, all together and the last record. */
export interface WholeLog extends WholeChain {
  readonly kind: 'ok';
  /** Each by itself, in the order of their names. */
  readonly chains: readonly WholeChain[];
  /** What is to be known beside, in words. */
  readonly notes: readonly string[];
}

export type VerifyOptions = StorePlace & {
  /** Where the keys of the chains lie. */
  readonly home: string;
  readonly driver?: Driver;
  /** Begins behind this row and takes it as given, or behind what was checked; 0 checks everything. */
  readonly after?: number | CheckedPart;
  /** A place in the log that is known from elsewhere, such as the log of another machine. */
  readonly expected?: ExpectedPlace;
  /** The file of checkpoints. Default: that of the home folder, where there is one. */
  readonly checkpoints?: string | undefined;
  /** Who signs checkpoints, as PEM. Default: the home folder's own key. */
  readonly publicKey?: string | undefined;
};

/**
 * Walks each chain of a store on a connection that only reads, while gateways may write, with memory for some records at a
 * time, and holds it to the checkpoints. Throws CHAIN_KEY where the home folder has no key, STORE_UNAVAILABLE where the log
 * cannot be read.
 */
export async function verifyLog(options: VerifyOptions): Promise<ChainVerdict> {
  return (await checkLog(options)).verdict;
}

/** As `verifyLog`; with what is checked now, so that another time can begin behind it. */
export async function checkLog(
  options: VerifyOptions,
): Promise<{ readonly verdict: ChainVerdict; readonly checked: CheckedPart | undefined }> {
  const connection = openConnection(options, { access: 'read', driver: options.driver });
  try {
    const begun = await begin(connection, options);
    if ('kind' in begun) return { verdict: begun, checked: undefined };
    const { log } = begun;
    for (;;) {
      const said = await connection.snapshot(() => log.step());
      if (said === 'whole') {
        const damage = fileProblem(await connection.damage());
        return { verdict: damage ?? whole(begun), checked: log.checked };
      }
      if (said !== undefined) return { verdict: said, checked: undefined };
      // A long log must not stop the sessions of a gateway that checks itself.
      await setImmediate();
    }
  } finally {
    await connection.close();
  }
}

interface Begun {
  readonly log: LogCheck;
  readonly known: KnownCheckpoints | undefined;
  readonly numbering: Numbering;
  /** Where it began; before that nothing was asked for. */
  readonly after: number | CheckedPart;
}

async function begin(connection: StoreConnection, options: VerifyOptions): Promise<Begun | Found> {
  const { name, numbering } = connection;
  const { home, after = 0, expected } = options;
  const keys = new ChainKeys(home);
  const heads = await connection.ask(() => headsOf(numbering));
  keys.find(heads[0]?.key ?? '');
  if (heads.length === 0) return noEnd();
  const reader = readerOf(options);
  const chains = heads.map(({ chain }) => chain);
  const known = await checkpointsOf(options, { chains, store: name, reader });
  // Chains may have begun since, and have checkpoints already.
  const later = await connection.ask(() => headsOf(numbering));
  const there = new Set(later.map(({ chain }) => chain));
  const problem = known && (known.problem ?? (numbering === 'dense' ? otherChain : lostChain)(known, there));
  if (problem !== undefined) return problem;
  const log = new LogCheck({ numbering, keys, known, reader, after, expected });
  return { log, known, numbering, after };
}

/** What a chain of rows cannot tell: an index that leads to none of them. */
function fileProblem(damage: string | undefined): Found | undefined {
  if (damage === undefined) return undefined;
  return { kind: 'edited', seq: 0, id: '', why: `all rows are there, but the database is damaged: ${damage}` };
}

function otherChain({ lastChain }: KnownCheckpoints, there: ReadonlySet<string>): Found | undefined {
  if (lastChain === '' || there.has(lastChain)) return undefined;
  return { kind: 'replaced', seq: 0, id: '', why: `by its checkpoints this store has the chain ${lastChain}` };
}

/** Where a store has several, none of them ever ends to be there. */
function lostChain({ others, checkpoints }: KnownCheckpoints, there: ReadonlySet<string>): Found | undefined {
  const lost = [...others].find(([chain]) => !there.has(chain));
  if (lost === undefined) return undefined;
  const [chain, seq] = lost;
  const why = `by its checkpoints this store has the chain ${chain}, up to record ${seq}, which is not there`;
  return { kind: checkpoints.size > 0 ? 'missing' : 'replaced', seq, id: '', why, chain };
}

function readerOf({ home, publicKey }: VerifyOptions): CheckpointReader | undefined {
  const path = publicKey ?? publicKeyPath(home);
  return publicKey === undefined && fileIdentity(path) === undefined ? undefined : readPublicKey(path);
}

interface Whose {
  readonly chains: readonly string[];
  readonly store: string;
  readonly reader: CheckpointReader | undefined;
}

async function checkpointsOf(
  { home, checkpoints }: VerifyOptions,
  { chains, store, reader }: Whose,
): Promise<KnownCheckpoints | undefined> {
  const file = checkpoints ?? checkpointPath(home);
  if (reader === undefined || (checkpoints === undefined && fileIdentity(file) === undefined)) return undefined;
  return readCheckpoints({ file, chains, store, reader });
}

function whole({ log, known, numbering, after }: Begun): WholeLog {
  const chains = log.chains.map((check) => check.whole());
  const behind = log.chains.reduce((sum, check) => sum + check.behind, 0);
  const all = together(chains);
  const removed = after !== 0 ? [] : numbering === 'dense' ? removedOfOne(all) : log.chains.flatMap(removedOf);
  return { kind: 'ok', ...all, chains, notes: [...removed, ...checkpointNotes(known, behind)] };
}

function removedOfOne({ first }: WholeChain): readonly string[] {
  return first > 1 ? [`records 1 to ${first - 1} were removed because of their age, under a signed seal`] : [];
}

function removedOf(check: ChainCheck): readonly string[] {
  const { removed } = check;
  if (removed === undefined) return [];
  const { chain } = check.whole();
  return [
    `records of the chain ${chain} up to #${removed.last} were removed because of their age, under the seal of ${removed.time}`,
  ];
}

/** Several chains as one log, which ends with the last record of any of them. */
export function together(chains: readonly WholeChain[]): WholeChain {
  const byEnd = chains.toSorted((one, other) => one.seq - other.seq);
  const last = byEnd.at(-1) ?? NO_CHAIN;
  const firsts = chains.filter(({ rows }) => rows > 0).map(({ first }) => first);
  const held = chains.flatMap(({ last_checkpoint: checkpoint }) => checkpoint ?? []);
  return {
    ...last,
    rows: sumOf(chains.map(({ rows }) => rows)),
    first: firsts.length === 0 ? 0 : Math.min(...firsts),
    checkpoints: sumOf(chains.map(({ checkpoints }) => checkpoints)),
    last_checkpoint: held.toSorted((one, other) => one.seq - other.seq).at(-1) ?? null,
  };
}

const NO_CHAIN: WholeChain = {
  rows: 0,
  chain: '',
  first: 0,
  seq: 0,
  hash: '',
  checkpoints: 0,
  last_checkpoint: null,
};

function sumOf(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

/** What checkpoints leave open; `behind` records came after the last one of their chain. */
export function checkpointNotes(
  known: Pick<KnownCheckpoints, 'unreadable' | 'others'> | undefined,
  behind: number,
): readonly string[] {
  if (known === undefined) return ['no checkpoints were at hand: that the last records are there is not proven'];
  const notes = known.unreadable.map((line) => `line ${line} of the checkpoints is none, as if it was half written`);
  for (const [chain, furthest] of known.others)
    notes.push(`the store also had the chain ${chain}, up to record ${furthest}, which is not in this log`);
  if (behind > 0) notes.push(`${behind} records came after the last checkpoint: were they cut off, nothing would tell`);
  return notes;
}
