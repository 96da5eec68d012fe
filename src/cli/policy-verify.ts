import { type VerifiedBundle, verifyPolicies } from '../app/policy-verify.ts';
import type { CommandContext } from './context.ts';
import { EXIT } from './exit.ts';
import type { PolicyOptions } from './policy-ls.ts';
import { withPolicies } from './policy-place.ts';
import { printJson, printLine, printTable, visible } from './terminal.ts';

export function verify(context: CommandContext, options: PolicyOptions): Promise<void> {
  const { terminal } = context;
  return withPolicies(context, options, async (place, loader) => {
    const bundles = await verifyPolicies(place, loader);
    const bad = bundles.filter(({ state }) => state !== 'good');
    if (bad.length > 0) context.setExit(EXIT.findings);
    if (options.json === true) return printJson(terminal, 'policy-verify', { ok: bad.length === 0, bundles });
    printTable(terminal, ['bundle', 'kept in', 'digest', 'signature', 'state'], bundles.map(cellsOf));
    for (const { id, state, why } of bad) terminal.err.write(`${state} ${id}: ${visible(why)}\n`);
    if (bad.length === 0) printLine(terminal, `${bundles.length} kept bundles are what they were.`);
  });
}

function cellsOf({ id, kept, digest, signature, state }: VerifiedBundle): readonly string[] {
  return [id, kept, shortHash(digest), signature, state];
}
import { shortHash } from '../core/generation.ts';
