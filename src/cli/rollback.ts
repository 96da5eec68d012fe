import { clearRollback, goBack, type Rolled } from '../app/rollback.ts';
import { GatewayError } from '../core/errors.ts';
import { hashText } from '../review/generation-changes.ts';
import { acting } from './acting.ts';
import type { ConfigOption } from './config.ts';
import type { CommandContext } from './context.ts';
import { pinJson } from './generations.ts';
import { printJson, printLine, type Terminal } from './terminal.ts';

export interface RollbackOptions extends ConfigOption {
  readonly bundle?: string;
  readonly server?: string;
  readonly to?: string;
  readonly clear?: boolean;
  readonly reason: string;
  readonly json?: boolean;
}

export async function rollback(
  context: CommandContext,
  generation: string | undefined,
  options: RollbackOptions,
): Promise<void> {
  refuseMixed(generation, options);
  await acting(context, options, async (acted) => {
    const changed =
      options.clear === true ? await clearRollback(acted, options) : await goBack(acted, generation, options);
    report(context.terminal, changed, options);
  });
}

function refuseMixed(generation: string | undefined, { bundle, server, to, clear, reason }: RollbackOptions): void {
  if (reason.trim() === '') throw usage('a rollback needs a reason', 'Say why with --reason.');
  const isOne = bundle !== undefined || server !== undefined;
  if (bundle !== undefined && server !== undefined) throw usage('a bundle or a server, not both', LEAVE_OUT);
  if (generation !== undefined && (isOne || clear === true))
    throw usage('a generation is gone back to as a whole, and not cleared', LEAVE_OUT);
  if (to !== undefined && (!isOne || clear === true))
    throw usage('--to says what one bundle goes back to', 'Say which with --bundle or --server.');
}

const LEAVE_OUT = 'Leave one of them out.';

function report(terminal: Terminal, { pinned, released }: Rolled, { json }: RollbackOptions): void {
  if (json === true) {
    return printJson(terminal, 'policy-rollback', { pinned: pinned.map(pinJson), released: released.map(pinJson) });
  }
  for (const { bundle, digest, modes } of pinned) {
    const mode = modes === undefined || modes.mode === 'enforce' ? '' : ` in mode ${modes.mode}`;
    printLine(terminal, `${bundle} goes back to ${hashText(digest)}${mode} and stays there until it is cleared.`);
  }
  for (const { bundle } of released) printLine(terminal, `${bundle} follows its source again.`);
  return printLine(terminal, 'Running gateways take it up within seconds.');
}

function usage(message: string, mend: string): GatewayError {
  return new GatewayError('USAGE', message, { mend });
}
