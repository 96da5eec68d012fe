import { spawnSync } from 'node:child_process';
import type { ClientDescription } from './description.ts';
import type { Platform } from './machine.ts';

/** Command lines of what runs on this machine; empty where the system does not tell. */
export type ProcessList = (platform: Platform) => readonly string[];

/** Asks the operating system. Throws nothing. */
export const listProcesses: ProcessList = (platform) => {
  const [command = '', ...args] = platform === 'win32' ? WINDOWS : ['ps', '-axww', '-o', 'args='];
  const { stdout } = spawnSync(command, args, { encoding: 'utf8', timeout: 10_000, maxBuffer: 64 * 1024 * 1024 });
  return (stdout ?? '').split(/\r?\n/).filter((line) => line !== '');
};

const WINDOWS = ['powershell.exe', '-NoProfile', '-NonInteractive', '-Command', 'Get-Process | ForEach-Object Path'];

/** Whether a client runs that would overwrite its file when it ends. */
export function isRunning({ closeFirst }: ClientDescription, platform: Platform, list: ProcessList): boolean {
  const pattern = closeFirst?.[platform];
  return pattern !== undefined && list(platform).some((line) => pattern.test(line));
}
