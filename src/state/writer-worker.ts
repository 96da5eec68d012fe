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

port.on('message', (question: WriterQuestion) => {
  port.postMessage(answer(question), []);
  if (question.kind === 'close') port.close();
});

function answer(question: WriterQuestion): WriterAnswer {
  try {
    return carryOut(question);
  } catch (thrown) {
    const { code, message, mend } = storeError(thrown, path);
    return { kind: 'failed', code, message, mend };
  }
}

function carryOut(question: WriterQuestion): WriterAnswer {
  if (question.kind === 'open') return { kind: 'opened', opened: writer.open(question.checkpoint) };
  if (question.kind === 'checkpoint') {
    writer.noteCheckpoint(question.checkpoint);
    return { kind: 'noted' };
  }
  if (question.kind === 'commit') {
    return { kind: 'committed', written: writer.commit(question.rows, question.changes) };
  }
  connection.close();
  return { kind: 'closed' };
}
