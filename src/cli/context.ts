import type { Toolchain } from '../rego/toolchain.ts';
import type { ProcessEnvironment } from './environment.ts';
import type { Terminal } from './terminal.ts';

/** What every command is given. */
export interface CommandContext {
  readonly terminal: Terminal;
  readonly environment: ProcessEnvironment;
  /** Says how the command ended, where that is not `done`. */
  readonly setExit: (code: number) => void;
  /** One that whoever calls several commands has opened, and closes; else each opens its own. */
  readonly toolchain?: Toolchain;
}
