import { createSecretKey } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';
import { storeError } from './store-error.ts';
import { DRIVERS } from './drivers.ts';
import { LogWriter } from './log-writer.ts';
import type { WriterAnswer, WriterQuestion, WriterSettings } from './writer-thread.ts';

/** The thread that waits for the disk, so that no session does. */
const settings = workerData as WriterSettings;
const driver = DRIVERS.find(({ name }) => name === settings.driver);
if (driver === undefined || parentPort === null) throw new Error('the writer is started by the gateway only');

const port = parentPort;
const writer = new LogWriter({
  driver,
  path: settings.path,
  durability: settings.durability,
  key: { id: settings.keyId, secret: createSecretKey(settings.secret) },
});

port.on('message', (question: WriterQuestion) => {
  port.postMessage(answer(question), []);
  if (question.kind === 'close') port.close();
});

function answer(question: WriterQuestion): WriterAnswer {
  try {
    return carryOut(question);
  } catch (thrown) {
    const { code, message, mend } = storeError(thrown, settings.path);
    return { kind: 'failed', code, message, mend };
  }
}

function carryOut(question: WriterQuestion): WriterAnswer {
  if (question.kind === 'open') return { kind: 'opened', head: writer.open() };
  if (question.kind === 'commit') {
    return { kind: 'committed', written: writer.commit(question.rows, question.changes) };
  }
  writer.close();
  return { kind: 'closed' };
}
