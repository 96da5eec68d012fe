import { confirm, isCancel, password } from '@clack/prompts';
import { GatewayError } from '../core/errors.ts';
import type { Terminal } from './terminal.ts';

/** Asks the person at the terminal; the question goes to stderr, as everything does that is no answer. */
export async function confirmedWith({ in: input, err: output }: Terminal, message: string): Promise<boolean> {
  const said = await confirm({ message, input, output });
  if (isCancel(said)) throw new GatewayError('CANCELLED', 'stopped; nothing more was changed');
  return said;
}

/** The values of secrets, by name; what is left empty is not among them. */
export async function askFor(
  { in: input, err: output }: Terminal,
  names: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const values = new Map<string, string>();
  for (const name of names) {
    const value = await password({ message: `Value of ${name} (empty: later)`, input, output });
    if (isCancel(value)) throw new GatewayError('CANCELLED', 'stopped; nothing was changed');
    if (typeof value === 'string' && value !== '') values.set(name, value);
  }
  return values;
}
