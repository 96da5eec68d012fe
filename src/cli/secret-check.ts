import { readFileSync } from 'node:fs';
import { replaceFile } from '../config/replace-file.ts';
import { movedSecrets } from '../config/move-secrets.ts';
import { secretsOfConfig, type SecretReference } from '../config/secret-references.ts';
import { GatewayError } from '../core/errors.ts';
import { secretReference } from '../core/plain-secrets.ts';
import type { Secrets } from '../secrets/secrets.ts';
import { loadOptions } from './config.ts';
import type { CommandContext } from './context.ts';
import { EXIT } from './exit.ts';
import { recorded, type SecretOptions } from './secret.ts';
import { secretsOf } from './secrets-of.ts';
import { paint, printJson, printLine } from './terminal.ts';

export interface CheckOptions extends SecretOptions {
  readonly fix?: boolean;
}

type State = 'ok' | 'unset' | 'unreadable';

interface Checked extends SecretReference {
  readonly state: State;
  /** Why it cannot be read, or empty. */
  readonly problem: string;
}

/** Whether every reference of the configuration resolves, and what stands in it in the open. No value is shown. */
export async function check(context: CommandContext, options: CheckOptions): Promise<void> {
  const { terminal, environment } = context;
  const secrets = secretsOf(environment);
  const moved = options.fix === true ? await fix(context, secrets, options) : [];
  const { path, references, plain } = secretsOfConfig(loadOptions(context, options));
  const checked = references.map((reference) => ({ ...reference, ...stateOf(secrets, reference.name) }));
  const bad = checked.filter(({ state }) => state !== 'ok');
  if (bad.length + plain.length > 0) context.setExit(EXIT.findings);
  if (options.json === true) {
    const isGood = bad.length + plain.length === 0;
    return printJson(terminal, 'secret-check', { ok: isGood, path, references: checked, plain, moved });
  }
  for (const { name, server, path: place } of moved) {
    printLine(terminal, `moved  ${place} → ${secretReference(name)}`);
    const isCommand = /\.(?:args|url)\b/.test(place);
    if (isCommand) printLine(terminal, `       fix: mcp-gateway server approve ${server} --all`);
  }
  for (const one of checked) printLine(terminal, `${paintedState(context, one)} ${one.name}  ${one.at} ${one.path}`);
  for (const { problem, name } of bad) {
    printLine(terminal, problem === '' ? `       fix: mcp-gateway secret set ${name}` : `       ${problem}`);
  }
  for (const { at, path: place } of plain) {
    printLine(terminal, `${paint(terminal, 'yellow', 'plain ')} ${at} ${place} stands in the open`);
  }
  if (plain.length > 0) printLine(terminal, '       fix: mcp-gateway secret check --fix');
  if (checked.length + plain.length === 0) printLine(terminal, `${path} names no secrets and has none in the open.`);
}

function paintedState({ terminal }: CommandContext, { state }: Checked): string {
  if (state === 'ok') return paint(terminal, 'green', 'ok    ');
  return paint(terminal, 'red', state === 'unset' ? 'UNSET ' : 'FAIL  ');
}

function stateOf(secrets: Secrets, name: string): Pick<Checked, 'state' | 'problem'> {
  try {
    return { state: secrets.read(name) === undefined ? 'unset' : 'ok', problem: '' };
  } catch (thrown) {
    if (!(thrown instanceof GatewayError)) throw thrown;
    return { state: 'unreadable', problem: [thrown.message, thrown.mend].filter(Boolean).join('; ') };
  }
}

interface Moved {
  readonly name: string;
  readonly path: string;
  readonly server: string;
}

/** The values are kept before the files are written, so that none is ever in neither place. */
async function fix(context: CommandContext, secrets: Secrets, options: CheckOptions): Promise<readonly Moved[]> {
  const moved: Moved[] = [];
  for (const path of secretsOfConfig(loadOptions(context, options)).files) {
    const moving = movedSecrets({ path, name: path, text: readFileSync(path, 'utf8') }, secrets.read);
    if (moving.moved.length === 0) continue;
    for (const { name, value } of moving.moved) secrets.write(name, value);
    replaceFile(path, moving.text);
    moved.push(...moving.moved.map(({ name, path: place, server }) => ({ name, path: place, server })));
  }
  await recorded(
    context,
    options,
    moved.map(({ name }) => ({ verb: 'secret.set', name })),
  );
  return moved;
}
