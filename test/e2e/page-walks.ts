import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Finished, type Place, PROGRAM } from './program.ts';

/** A section that a person walks through, from top to bottom. */
export interface Walk {
  readonly page: string;
  readonly heading: string;
}

export const WALKS = {
  publish: { page: 'docs/write-a-bundle.md', heading: 'Pack and publish' },
  admin: { page: 'docs/run-for-a-team.md', heading: 'Change policy without fear' },
  compliance: { page: 'docs/read-it.md', heading: 'Answer in plain words' },
  quarter: { page: 'docs/read-it.md', heading: 'A quarter for an auditor' },
} as const;

/** The command lines of the console blocks in a section of a page, in order, comments included. */
export function commandsUnder({ page, heading }: Walk): readonly string[] {
  const section =
    readFileSync(page, 'utf8')
      .split(/^## /m)
      .find((one) => one.startsWith(`${heading}\n`)) ?? '';
  return [...section.matchAll(/^\$ (.+)$/gm)].map(([, line = '']) => line);
}

/** Runs a command line with the shell in the folder of the place, as somebody does who has `mcp-gateway` on the path. */
export function typed(
  { folder, env }: Place,
  line: string,
  more: Readonly<Record<string, string>> = {},
): Promise<Finished> {
  const programs = join(folder, '.programs');
  mkdirSync(programs, { recursive: true });
  writeFileSync(join(programs, 'mcp-gateway'), `#!/bin/sh\nexec '${process.execPath}' '${PROGRAM}' "$@"\n`, {
    mode: 0o755,
  });
  const path = `${programs}:${dirname(process.execPath)}:${env['PATH'] ?? ''}`;
  return new Promise((settle) => {
    const child = execFile(
      '/bin/sh',
      ['-c', line],
      { env: { ...env, ...more, PATH: path }, cwd: folder, maxBuffer: 64 * 1024 * 1024 },
      (error, stdout, stderr) =>
        settle({ code: typeof error?.code === 'number' ? error.code : error ? 1 : 0, stdout, stderr }),
    );
    child.stdin?.end();
  });
}

/** Writes a file below the folder of a place. */
export function write({ folder }: Place, file: string, text: string): void {
  const path = join(folder, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
