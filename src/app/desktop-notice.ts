import { spawn } from 'node:child_process';
import { type Desktop, type Notice, noticeCommand } from './notice-command.ts';

const LIMIT_MS = 10_000;

/** Shows a notification where the machine can; nobody waits for the program that does it. Rejects where it fails. */
export async function showNotice(desktop: Desktop, notice: Notice): Promise<void> {
  const command = noticeCommand(desktop, notice);
  if (command === undefined) return;
  const { file, args, environment } = command;
  const child = spawn(file, args, {
    env: environment,
    stdio: 'ignore',
    shell: false,
    windowsHide: true,
    timeout: LIMIT_MS,
  });
  child.unref();
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`${file} ended with ${String(code)}`))));
  });
}
