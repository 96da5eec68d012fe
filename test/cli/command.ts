import { PassThrough, Readable } from 'node:stream';
import { Command } from 'commander';
import type { CommandContext } from '../../src/cli/context.ts';
import { printError } from '../../src/cli/exit.ts';
import type { Toolchain } from '../../src/rego/toolchain.ts';

export interface Ran {
  readonly exit: number;
  readonly out: string;
  readonly err: string;
}

export interface CommandPlace {
  readonly home: string;
  readonly cache: string;
  /** Columns of the terminal; without them what is written goes into a pipe. */
  readonly columns?: number;
  readonly variables?: Readonly<Record<string, string | undefined>>;
  /** What is piped in. */
  readonly input?: string;
  /** The folder of the user; the home of the gateway without it. */
  readonly userHome?: string;
  /** Commands that share one are faster. */
  readonly toolchain?: Toolchain;
}

/** Runs one command in this process, as the program does. */
export async function runCommand(
  add: (program: Command, context: CommandContext) => void,
  args: readonly string[],
  { home, cache, columns, variables = {}, input, userHome = home, toolchain }: CommandPlace,
): Promise<Ran> {
  const said = { out: '', err: '' };
  const stream = (name: 'out' | 'err'): NodeJS.WriteStream => {
    const written = new PassThrough().on('data', (chunk: Buffer) => (said[name] += chunk.toString()));
    const shape = columns === undefined ? {} : { isTTY: true, columns, hasColors: () => false, getColorDepth: () => 1 };
    return Object.assign(written, shape) as unknown as NodeJS.WriteStream;
  };
  const environment = { variables, workingFolder: home, userHome, home, cache, user: 'maya' };
  const program = new Command().exitOverride().configureOutput({ writeErr: (text) => void (said.err += text) });
  let exit = 0;
  const stdin = input === undefined ? process.stdin : (Readable.from([input]) as unknown as NodeJS.ReadStream);
  add(program, {
    terminal: { in: stdin, out: stream('out'), err: stream('err') },
    environment,
    setExit: (code) => (exit = code),
    ...(toolchain !== undefined && { toolchain }),
  });
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (thrown) {
    exit = printError({ in: process.stdin, out: stream('out'), err: stream('err') }, thrown);
  }
  await new Promise(setImmediate);
  refuseOtherOk(args, said.out, exit);
  return { exit, ...said };
}

/** A law of every command: `ok` and the exit code say the same. Of a call, `ok` says that it was decided. */
function refuseOtherOk(args: readonly string[], out: string, exit: number): void {
  const said = args.includes('call') ? null : /^{"schema":"mcp-gateway\/[^"]*","ok":(true|false)/.exec(out);
  if (said === null || (said[1] === 'true') === (exit === 0)) return;
  throw new Error(`${args.join(' ')} ended with ${String(exit)} and said ${out.slice(0, 80)}`);
}
