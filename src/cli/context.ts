import type { ProcessEnvironment } from './environment.ts';
import type { Terminal } from './terminal.ts';

/** What every command is given. */
export interface CommandContext {
  readonly terminal: Terminal;
  readonly environment: ProcessEnvironment;
  /** Says how the command ended, where that is not `done`. */
  readonly setExit: (code: number) => void;
}
