import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';
import { type Place, storeOf } from '../e2e/program.ts';

/** As a backup tool may, in a process of its own; resolves when it has the lock, with the way to let it go. */
export async function heldByAnother(place: Place): Promise<() => Promise<void>> {
  const script = `const Database = require('better-sqlite3');
const database = new Database(${JSON.stringify(storeOf(place))});
database.pragma('busy_timeout = 5000');
database.exec('begin exclusive');
process.stdout.write('held');
process.stdin.on('end', () => { database.exec('rollback'); process.exit(); }).resume();`;
  const holder = spawn(process.execPath, ['-e', script], { stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(() => void holder.kill('SIGKILL'));
  await once(holder.stdout, 'data');
  return async () => {
    holder.stdin.end();
    await once(holder, 'exit');
  };
}
