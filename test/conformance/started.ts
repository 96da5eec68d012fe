import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';

export interface Start {
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Finds the address in what the program writes, as its first group. */
  readonly address: RegExp;
  /** What the program writes is kept in this file. */
  readonly log: string;
}

export interface Started {
  readonly url: string;
  /** Ends the program and waits until it has. */
  close(): Promise<void>;
}

/** Starts a program on this Node and resolves when it says where it listens. */
export function start({ args, env, address, log }: Start): Promise<Started> {
  const child = spawn(process.execPath, args, {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return new Promise((settle, fail) => {
    const kept = createWriteStream(log);
    let seen = '';
    const read = (text: string): void => {
      kept.write(text);
      seen += text;
      const url = address.exec(seen)?.[1];
      if (url !== undefined) settle({ url, close: () => end(child) });
    };
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', read);
    child.once('error', fail);
    child.once('exit', (code) => fail(new Error(`${args.join(' ')} ended with ${code}: ${seen}`)));
  });
}

function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((ended) => {
    child.once('exit', () => ended());
    child.kill('SIGTERM');
  });
}
