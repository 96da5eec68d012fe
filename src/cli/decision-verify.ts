import { resolve } from 'node:path';
import { storePlaceOf } from '../app/store-place.ts';
import { shortHash } from '../core/generation.ts';
import type { Found } from '../state/chain-walk.ts';
import { checkpointPath } from '../state/checkpoint-file.ts';
import { type CheckpointReader, publicKeyPath, readPublicKey } from '../state/checkpoint-key.ts';
import { fileIdentity } from '../state/private-file.ts';
import { verifyLog, type WholeLog } from '../state/verify.ts';
import { verifyExport } from '../state/verify-export.ts';
import { readConfig } from './config.ts';
import { counted } from './counted.ts';
import type { CommandContext } from './context.ts';
import type { ReadOptions } from './decision.ts';
import { EXIT } from './exit.ts';
import { announced } from './progress.ts';
import { printJson, printLine } from './terminal.ts';

export interface VerifyOptions extends ReadOptions {
  readonly export?: string;
  readonly checkpoints?: string;
  readonly publicKey?: string;
}

/** Of the log in the store, or of an export, for which neither store nor configuration is needed. */
export async function verify(context: CommandContext, options: VerifyOptions): Promise<void> {
  const { terminal } = context;
  const work = options.export === undefined ? ofStore(context, options) : ofExport(context, options);
  const verdict = await announced(terminal, 'the log is being verified …', work);
  if (verdict.kind !== 'ok') context.setExit(EXIT.findings);
  if (options.json === true) return printJson(terminal, 'decision-verify', { ok: verdict.kind === 'ok', verdict });
  for (const line of verdict.kind === 'ok' ? wholeLines(verdict) : [foundLine(verdict)]) printLine(terminal, line);
}

function ofStore(context: CommandContext, options: VerifyOptions): Promise<WholeLog | Found> {
  const { environment } = context;
  const { config } = readConfig(context, options);
  return verifyLog({ ...storePlaceOf(config), home: environment.home, ...filesOf(context, options) });
}

function ofExport(context: CommandContext, options: VerifyOptions): Promise<WholeLog | Found> {
  const { workingFolder, home } = context.environment;
  const { checkpoints = existing(checkpointPath(home)), publicKey } = filesOf(context, options);
  return verifyExport({
    file: resolve(workingFolder, options.export ?? ''),
    home,
    checkpoints,
    reader: readerOf(publicKey ?? existing(publicKeyPath(home))),
  });
}

function readerOf(path: string | undefined): CheckpointReader | undefined {
  return path === undefined ? undefined : readPublicKey(path);
}

function existing(path: string): string | undefined {
  return fileIdentity(path) === undefined ? undefined : path;
}

interface Files {
  readonly checkpoints: string | undefined;
  readonly publicKey: string | undefined;
}

function filesOf({ environment }: CommandContext, { checkpoints, publicKey }: VerifyOptions): Files {
  const at = (path: string | undefined): string | undefined => path && resolve(environment.workingFolder, path);
  return { checkpoints: at(checkpoints), publicKey: at(publicKey) };
}

function foundLine({ kind, seq, id, why }: Found): string {
  return `${kind} at #${seq}${id === '' ? '' : ` ${id}`}: ${why}`;
}

function wholeLines({
  rows,
  first,
  seq,
  hash,
  checkpoints,
  last_checkpoint: last,
  notes,
}: WholeLog): readonly string[] {
  const range = rows === 0 ? '' : `, #${first} to #${seq}, the last is ${shortHash(hash)}`;
  const held =
    last === null
      ? []
      : [`held to ${counted(checkpoints, 'signed checkpoint')}, the last at #${last.seq}, ${last.time}`];
  return [`ok: ${counted(rows, 'record')}${range}`, ...[...held, ...notes].map((note) => `  ${note}`)];
}
