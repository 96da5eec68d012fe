import type { Logger } from '../core/logger.ts';
import { isSignedBy } from './checkpoint.ts';
import { lastCheckpoint } from './checkpoint-file.ts';
import type { CheckpointReader } from './checkpoint-key.ts';
import type { KnownPlace } from './log-tail.ts';

/** What was said of a chain last, outside its database; nothing where its signature is not good, which is logged. */
export async function checkpointBefore(
  file: string,
  chain: string,
  { reader, logger }: { readonly reader: CheckpointReader; readonly logger: Logger },
): Promise<KnownPlace | undefined> {
  const last = await lastCheckpoint(file, chain);
  if (last === undefined) return undefined;
  if (!isSignedBy(last, reader)) {
    logger.error('the last checkpoint of the decision log is not signed with the key of this home', { file });
    return undefined;
  }
  const { seq, hash } = last.checkpoint;
  return { chain, seq, hash: Buffer.from(hash, 'hex') };
}
