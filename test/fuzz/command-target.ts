import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import type { Command } from 'commander';
import * as fc from 'fast-check';
import { EXIT } from '../../src/cli/exit.ts';
import { programFor, runIn } from '../../src/cli/program.ts';
import type { Target } from './targets.ts';

/** Neither paths nor addresses: what a wrong command does to the disk or the network is not what is tried here. */
const VALUES = [
  '',
  ' ',
  '-',
  '--',
  '-1',
  '0',
  '1e999',
  'NaN',
  '__proto__',
  'constructor',
  'x y',
  '\u001b[2J',
  '\u0000',
  'a\nb',
  '💥',
  '7d',
  'json',
  '--json',
  '--help',
  '--no-such-flag',
  '-V',
  '--limit=x',
  'x'.repeat(5000),
];

/** `serve` claims the real stdout, and what installs or signs in leaves this machine. */
const LEFT_OUT = new Set(['serve', 'add', 'login', 'update', 'pull', 'vendor', 'init', 'watch']);

/** Any arguments: the exit code is one of the list, and what is wrong is said without a trace of the stack. */
export const COMMANDS: Target = {
  name: 'any arguments end with an exit code of the list and no trace of the stack',
  runs: 60,
  property: () => {
    const home = mkdtempSync(join(tmpdir(), 'fuzz-'));
    const paths = pathsBelow(programFor({ ...surroundings(home), setExit: () => undefined }), []);
    const flags = fc.constantFrom(...new Set(paths.flatMap(({ flags: some }) => some)));
    const argument = fc.oneof({ weight: 2, arbitrary: fc.constantFrom(...VALUES) }, flags, fc.string({ maxLength: 8 }));
    const command = fc.constantFrom(...paths.map(({ path }) => path));
    const line = fc.tuple(command, fc.array(argument, { maxLength: 5 })).map((parts) => parts.flat());
    return fc.asyncProperty(
      fc.oneof({ weight: 5, arbitrary: line }, fc.array(argument, { minLength: 1, maxLength: 4 })),
      async (args) => {
        if (args.some((one) => LEFT_OUT.has(one) || one.includes('/') || one.includes('..'))) return true;
        const said = surroundings(home);
        const exit = await runIn(said, args);
        const { text } = said;
        const isKnown = Object.values<number>(EXIT).includes(exit);
        return (
          isKnown &&
          !/\n\s+at .+:\d+:\d+/.test(text()) &&
          !text().includes('\u001b[2J') &&
          (exit !== EXIT.usage || text() !== '')
        );
      },
    );
  },
};

interface CommandPath {
  readonly path: readonly string[];
  readonly flags: readonly string[];
}

function pathsBelow(command: Command, before: readonly string[]): readonly CommandPath[] {
  return command.commands
    .filter((one) => !LEFT_OUT.has(one.name()))
    .flatMap((one) => {
      const path = [...before, one.name()];
      const flags = one.options.flatMap(({ long }) => (long === undefined || long === null ? [] : [long]));
      return [{ path, flags }, ...pathsBelow(one, path)];
    });
}

function surroundings(home: string) {
  let text = '';
  const stream = (): NodeJS.WriteStream =>
    new PassThrough().on('data', (chunk: Buffer) => (text += chunk.toString())) as unknown as NodeJS.WriteStream;
  const environment = {
    variables: {},
    workingFolder: home,
    userHome: home,
    home,
    cache: join(home, 'cache'),
    user: 'maya',
  };
  return {
    terminal: { in: new PassThrough() as unknown as NodeJS.ReadStream, out: stream(), err: stream() },
    environment,
    text: () => text,
  };
}
