import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { configJsonSchema } from '../config/json-schema.ts';
import { SCHEMA_FILE } from '../config/new-config.ts';
import { replaceFile } from '../config/replace-file.ts';
import { GatewayError, messageOf } from '../core/errors.ts';
import type { CommandContext } from './context.ts';
import type { Draft } from './init-draft.ts';
import { recorded } from './secret.ts';
import { secretsOf } from './secrets-of.ts';

/**
 * Keeps the secrets first and writes the configuration then, so that none is ever in neither place. Throws CONFIG_INVALID
 * where the file was changed since it was shown; nothing is written then.
 */
export async function writeDraft(
  context: CommandContext,
  draft: Draft,
  answers: ReadonlyMap<string, string>,
): Promise<void> {
  const { path, isNew, before, after, plan } = draft;
  refuseChanged(path, isNew ? undefined : before);
  const secrets = secretsOf(context.environment);
  const kept = [...plan.secrets.map(({ name, value }) => [name, value] as const), ...answers];
  for (const [name, value] of kept) if (secrets.read(name) !== value) secrets.write(name, value);
  try {
    if (isNew) create(path, after);
    else if (after !== before) replaceFile(path, after);
  } catch (thrown) {
    throw new GatewayError('CONFIG_INVALID', `${path} cannot be written: ${messageOf(thrown)}`, {
      mend: 'See that the folder is writable, or name another file with --config.',
      cause: thrown,
    });
  }
  await recorded(
    context,
    { config: path },
    kept.map(([name]) => ({ verb: 'secret.set', name })),
  );
}

/** It names programs to start and servers to reach, which is nobody else's business. */
function create(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeFileSync(path, text, { mode: 0o600, flag: 'wx', flush: true });
  const schema = join(dirname(path), SCHEMA_FILE);
  if (!existsSync(schema)) writeFileSync(schema, `${JSON.stringify(configJsonSchema(), null, 2)}\n`, { mode: 0o600 });
}

function refuseChanged(path: string, before: string | undefined): void {
  const now = existsSync(path) ? readFileSync(path, 'utf8') : undefined;
  if (now === before) return;
  throw new GatewayError(
    'CONFIG_INVALID',
    `${path} was changed while you looked at the difference; nothing was written`,
    {
      mend: 'Run `mcp-gateway init` again.',
    },
  );
}
