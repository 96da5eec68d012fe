import { parentPort, workerData } from 'node:worker_threads';
import { ChainKeys } from './chain-key.ts';
import { SqliteConnection } from './sqlite-connection.ts';
import { storeError } from './store-error.ts';
import { DRIVERS } from './drivers.ts';
import { LogWriter } from './log-writer.ts';
import type { WriterAnswer, WriterQuestion, WriterSettings } from './writer-thread.ts';

/** The thread that waits for the disk, so that no session does. */
const settings = workerData as WriterSettings;
const driver = DRIVERS.find(({ name }) => name === settings.driver);
if (driver === undefined || parentPort === null) throw new Error('the writer is started by the gateway only');

const port = parentPort;
const { path, durability, home } = settings;
const connection = new SqliteConnection({ driver, path, durability, access: 'write' });
const writer = new LogWriter(connection, new ChainKeys(home));

// Each is carried out when it comes, so that the answers leave in the order of the questions.
port.on('message', (question: WriterQuestion) => void reply(question));

async function reply(question: WriterQuestion): Promise<void> {
  port.postMessage(await answer(question), []);
  if (question.kind === 'close') port.close();
}

async function answer(question: WriterQuestion): Promise<WriterAnswer> {
  try {
    return await carryOut(question);
  } catch (thrown) {
    const { code, message, mend } = storeError(thrown, path);
    return { kind: 'failed', code, message, mend };
  }
}

async function carryOut(question: WriterQuestion): Promise<WriterAnswer> {
  if (question.kind === 'open') return { kind: 'opened', opened: await writer.open(question.checkpoint) };
  if (question.kind === 'checkpoint') {
    writer.noteCheckpoint(question.checkpoint);
    return { kind: 'noted' };
  }
  if (question.kind === 'commit') {
    return { kind: 'committed', written: await writer.commit(question.rows, question.changes) };
  }
  await connection.close();
  return { kind: 'closed' };
}
