import type { Act } from '../core/act.ts';
import { canonicalJson } from '../core/canonical-json.ts';
import { isRefusal } from '../core/change.ts';
import { type Sealers, sameBytes } from './chain.ts';
import { type Checkpoint, isSignedBy, type ReadLine, type Removed, signCheckpoint } from './checkpoint.ts';
import { appendCheckpoint, lastCheckpoint } from './checkpoint-file.ts';
import type { CheckpointKey, CheckpointReader } from './checkpoint-key.ts';
import type { StoreConnection } from './connection.ts';
import type { DecisionLog } from './decision-log.ts';

export interface Retention {
  readonly connection: StoreConnection;
  readonly log: DecisionLog;
  /** Signs checkpoints. */
  readonly key: CheckpointKey;
  /** By the keys of the chains. */
  readonly sealers: Sealers;
  /** The file that checkpoints are added to. */
  readonly file: string;
  readonly instance: string;
  /** Ids for the acts that say what was removed. */
  readonly newId: () => string;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** What had ended by then is removed. Milliseconds since the epoch. */
  readonly before: number;
  /** Asked before each part of the work: the rest can be done another time. */
  readonly goesOn: () => boolean;
}

/** The beginning of a chain, or of what is left of it. */
export interface Segment {
  readonly chain: string;
  /** The key that the chain is sealed with now. */
  readonly key: string;
  readonly first: number;
  readonly last: number;
  /** Of the last record, hex. */
  readonly hash: string;
  readonly count: number;
}

/**
 * Says that a segment may be removed: signed and outside the database, then on record and in the store. There it is sealed
 * with the key of the chain as well, which all hosts have: so each of them can prove what another one has removed.
 */
export async function sealRemoval(retention: Retention, segment: Segment): Promise<void> {
  const { log, key, file, instance, newId, now, before } = retention;
  const { chain, first, last, hash, count } = segment;
  const time = new Date(now).toISOString();
  const previous = (await lastCheckpoint(file, chain))?.lineHash ?? '';
  const removed = { first, count, before: new Date(before).toISOString(), by: instance };
  const line = signCheckpoint(sealed(retention, segment, { time, previous, removed }), key);
  await appendCheckpoint(file, line);
  const act: Act = {
    id: newId(),
    time,
    actor: `gateway:${instance}`,
    via: 'gateway',
    verb: 'log.remove_old',
    subject: chain,
    before: { first, last, hash, count },
    after: null,
    reason: `decisions.retain: older than ${removed.before}`,
  };
  const made = await log.act(act, [{ kind: 'seal_log', last, line }]);
  // Nobody else removes while the lease is held.
  if (isRefusal(made)) throw new Error('the segment was sealed by somebody else');
}

/** By whom this home trusts: itself, which has signed it, or a host with a key of its chains. */
export function isProvenRemoval(read: ReadLine, reader: CheckpointReader | undefined, sealers: Sealers): boolean {
  if (read.checkpoint.kind !== 'removed') return false;
  return isSealedRemoval(read.checkpoint, sealers) || (reader !== undefined && isSignedBy(read, reader));
}

type Said = Pick<Checkpoint, 'time' | 'previous'> & { readonly removed: Removed };

function sealed({ connection, key, sealers }: Retention, segment: Segment, said: Said): Checkpoint {
  const { chain, last: seq, hash, key: chainKey } = segment;
  const common = { version: 1, kind: 'removed', key: key.id, store: connection.name, chain, seq, hash } as const;
  const checkpoint = { ...common, ...said, removed: { ...said.removed, chain_key: chainKey } };
  const seal = sealers.of(chainKey, connection.name).sealRemoval(textOf(checkpoint)).toString('hex');
  return { ...checkpoint, removed: { ...checkpoint.removed, chain_seal: seal } };
}

function isSealedRemoval(checkpoint: Checkpoint, sealers: Sealers): boolean {
  const { chain_key: chainKey = '', chain_seal: seal = '' } = checkpoint.removed ?? {};
  const expected = sealers.find(chainKey)?.sealRemoval(textOf(checkpoint));
  return expected !== undefined && sameBytes(expected, Buffer.from(seal, 'hex'));
}

/** Everything but the seal itself. */
function textOf({ removed, ...rest }: Checkpoint): string {
  const { chain_seal: _, ...said } = { chain_seal: '', ...removed };
  return canonicalJson({ ...rest, removed: said });
}
