import { join } from 'node:path';
import { password, isCancel } from '@clack/prompts';
import { hasStore, storePlaceOf } from '../app/store-place.ts';
import { loadConfig } from '../config/load.ts';
import { secretsOfConfig, type SecretReference } from '../config/secret-references.ts';
import { GatewayError } from '../core/errors.ts';
import { isSecretName } from '../core/names.ts';
import { decisionIds } from '../state/decision-id.ts';
import type { StorePlace } from '../state/open-connection.ts';
import { Store } from '../state/store.ts';
import { type ConfigOption, loadOptions } from './config.ts';
import type { CommandContext } from './context.ts';
import { stderrLogger } from './log.ts';
import { secretsOf } from './secrets-of.ts';
import { clock } from './server-sign-ins.ts';
import { isAsked, printJson, printLine, printTable, type Terminal } from './terminal.ts';

export interface SecretOptions extends ConfigOption {
  readonly json?: boolean;
}

/** The value comes from stdin or a prompt: what stands in a command line is seen by every user of the machine. */
export async function set(context: CommandContext, name: string, options: SecretOptions): Promise<void> {
  const { terminal, environment } = context;
  if (!isSecretName(name)) throw notAName(name);
  const secrets = secretsOf(environment);
  const isNew = secrets.placeOf(name) === undefined;
  const value = terminal.in.isTTY ? await askedFor(terminal, name) : await piped(terminal);
  if (value === '') throw new GatewayError('USAGE', 'there is no value', { mend: 'Pipe it in, or type it.' });
  const place = secrets.write(name, value);
  await recorded(context, options, [{ verb: 'secret.set', name }]);
  if (options.json === true) return printJson(terminal, 'secret-set', { name, place, isNew });
  printLine(terminal, `${isNew ? 'Kept' : 'Replaced'} ${name} in ${PLACES[place]}. Write \${secret:${name}} for it.`);
}

export const PLACES = { keychain: 'the system keychain', file: 'the encrypted file' } as const;

export function list(context: CommandContext, options: SecretOptions): void {
  const { terminal, environment } = context;
  const secrets = secretsOf(environment);
  const uses = usesIn(context, options);
  const rows = secrets.names().map((name) => {
    const used = uses.filter((use) => use.name === name);
    const servers = [...new Set(used.map(({ server }) => server).filter(Boolean))];
    return { name, place: secrets.placeOf(name) ?? 'file', servers, uses: used.map(({ path }) => path) };
  });
  if (options.json === true) return printJson(terminal, 'secret-ls', { secrets: rows });
  if (rows.length === 0)
    return printLine(terminal, 'There are no secrets. Keep one with `mcp-gateway secret set NAME`.');
  return printTable(
    terminal,
    ['secret', 'kept in', 'used by'],
    rows.map(({ name, place, servers, uses: paths }) => [
      name,
      place,
      (servers.length > 0 ? servers : paths).join(', ') || '-',
    ]),
  );
}

export async function remove(context: CommandContext, name: string, options: SecretOptions): Promise<void> {
  const { terminal, environment } = context;
  if (!secretsOf(environment).remove(name)) {
    throw new GatewayError('USAGE', `there is no secret "${name}"`, { mend: 'See `mcp-gateway secret ls`.' });
  }
  await recorded(context, options, [{ verb: 'secret.rm', name }]);
  const uses = usesIn(context, options).filter((use) => use.name === name);
  if (options.json === true) return printJson(terminal, 'secret-rm', { name, uses: uses.map(({ path }) => path) });
  printLine(terminal, `Removed ${name}.`);
  for (const { at, path } of uses) printLine(terminal, `  ${at} still asks for it: ${path}`);
}

/** Without a configuration nothing uses a secret. */
function usesIn(context: CommandContext, options: SecretOptions): readonly SecretReference[] {
  try {
    return secretsOfConfig(loadOptions(context, options)).references;
  } catch (thrown) {
    if (thrown instanceof GatewayError && options.config === undefined) return [];
    throw thrown;
  }
}

interface SecretAct {
  readonly verb: 'secret.set' | 'secret.rm';
  readonly name: string;
}

/** In the log where there is one already: the name, never the value. */
export async function recorded(
  context: CommandContext,
  options: ConfigOption,
  acts: readonly SecretAct[],
): Promise<void> {
  const { home, user } = context.environment;
  const place = placeIn(context, options);
  if (acts.length === 0 || !(await hasStore(place))) return;
  const logger = stderrLogger('warn');
  const store = await Store.open({ ...place, home, durability: 'full', waitsForDisk: true, clock, logger });
  const newId = decisionIds(store.clock);
  try {
    for (const { verb, name } of acts) {
      await store.log.act({
        id: newId(),
        time: new Date(store.clock.now()).toISOString(),
        actor: `user:${user}`,
        via: 'terminal',
        verb,
        subject: name,
        before: null,
        after: null,
        reason: '',
      });
    }
  } finally {
    await store.close();
  }
}

/** A configuration that another secret is missing from cannot be loaded; then the store is where it is by default. */
function placeIn(context: CommandContext, options: ConfigOption): StorePlace {
  try {
    return storePlaceOf(loadConfig(loadOptions(context, options)).config);
  } catch {
    return { path: join(context.environment.home, 'decisions.db') };
  }
}

async function askedFor(terminal: Terminal, name: string): Promise<string> {
  if (!isAsked(terminal)) {
    throw new GatewayError('USAGE', 'nobody is at a terminal to be asked, so nothing was kept', {
      mend: `Pipe the value in: \`pass show x | mcp-gateway secret set ${name}\`.`,
    });
  }
  const { in: input, err } = terminal;
  const value = await password({ message: `Value of ${name}`, input, output: err });
  if (isCancel(value)) throw new GatewayError('CANCELLED', 'nothing was kept');
  return value ?? '';
}

const MAX_BYTES = 64 * 1024;

/** Without the end of the line that programs put behind what they print. */
async function piped({ in: input }: Terminal): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of input) {
    const piece = Buffer.from(chunk as string | Uint8Array);
    chunks.push(piece);
    bytes += piece.length;
    if (bytes > MAX_BYTES)
      throw new GatewayError('USAGE', 'the value is larger than 64 KB', {
        mend: 'Keep it in a file, and write ${file:PATH}.',
      });
  }
  return Buffer.concat(chunks)
    .toString('utf8')
    .replace(/\r?\n$/, '');
}

function notAName(name: string): GatewayError {
  return new GatewayError('USAGE', `"${name}" cannot be the name of a secret`, {
    mend: 'Use up to 64 small letters, digits, dots, underscores and hyphens, the first one a letter or a digit.',
  });
}
