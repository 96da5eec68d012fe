import { readFileSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { withMode, type WrittenMode, writtenMode } from '../config/edit-mode.ts';
import type { Config } from '../config/paths.ts';
import { readTrees } from '../config/read-trees.ts';
import { GatewayError, messageOf } from '../core/errors.ts';
import type { Shadowed } from '../policy/combine-record.ts';
import { type Acting, acting } from './acting.ts';
import { type ConfigOption, readConfig } from './config.ts';
import type { CommandContext } from './context.ts';
import { printJson, printLine } from './terminal.ts';

export interface PromoteOptions extends ConfigOption {
  /** `BUNDLE`, or `BUNDLE/RULE`. */
  readonly promote: string;
  readonly reason?: string;
  readonly json?: boolean;
}

/** Enforces what was in shadow or only warned: the mode in the configuration changes, and nothing else in it. */
export async function promote(context: CommandContext, options: PromoteOptions): Promise<void> {
  const { terminal, environment } = context;
  const reason = options.reason?.trim() ?? '';
  if (reason === '') throw usage('a promotion needs a reason', 'Say why with --reason.');
  const meant = meantBy(options.promote);
  const { config, path } = readConfig(context, options);
  const { root } = readTrees(path, { environment: environment.variables, workingFolder: environment.workingFolder });
  if (root === undefined) throw usage('the configuration cannot be read', 'See `mcp-gateway config validate`.');
  const written = writtenMode(root, meant);
  if (written.mode === 'enforce') throw usage(`${options.promote} is enforced already`, `See ${written.position}.`);
  const load = (): Config => readConfig(context, { config: path }).config;
  const expected = withEnforced(config, meant);
  await acting(context, { config: path }, async (acted) => {
    const change = { subject: options.promote, from: written.mode, reason };
    await record(acted, change);
    try {
      replace(written, () => isDeepStrictEqual(load(), expected));
    } catch (thrown) {
      await record(acted, { ...change, undone: messageOf(thrown) });
      throw thrown;
    }
  });
  const { position, mode } = written;
  const promoted = { ...meant, path: written.path, position, before: mode, after: 'enforce' };
  if (options.json === true) return printJson(terminal, 'policy-shadow', { promoted });
  printLine(terminal, `${position}\n- ${mode}\n+ enforce`);
  return printLine(terminal, `${options.promote} is enforced from now on; running gateways take it up within seconds.`);
}

function meantBy(name: string): Shadowed {
  const slash = name.indexOf('/');
  return slash < 0 ? { bundle: name, rule: '' } : { bundle: name.slice(0, slash), rule: name.slice(slash + 1) };
}

interface Promotion {
  readonly subject: string;
  readonly from: string;
  readonly reason: string;
  /** Why it was not done after all; absent where it is. */
  readonly undone?: string;
}

/** Before the file changes: nothing is enforced that nobody is on record for. */
async function record({ store, actOf }: Acting, { subject, from, reason, undone }: Promotion): Promise<void> {
  const [before, after] = undone === undefined ? [from, 'enforce'] : ['enforce', from];
  const why = undone === undefined ? reason : `not done: ${undone}`;
  await store.log.act(
    actOf({ verb: 'policy.promote', subject, before: { mode: before }, after: { mode: after }, reason: why }),
  );
}

/** Written beside the file and put in its place, which is left as it was unless the configuration then says what is meant. */
function replace(written: WrittenMode, isAsMeant: () => boolean): void {
  const { file } = written.place;
  const path = realpathSync(file.path);
  const before = readFileSync(path, 'utf8');
  const mark = before.startsWith('\u{feff}') ? '\u{feff}' : '';
  const after = `${mark}${withMode(written, 'enforce', before.slice(mark.length))}`;
  put(path, after);
  let isGood = false;
  try {
    isGood = isAsMeant();
  } finally {
    if (!isGood) put(path, before);
  }
  if (!isGood)
    throw usage(`${written.position}: more than this mode would change`, 'Change it by hand: others use it, too.');
}

function put(path: string, text: string): void {
  const beside = `${path}.${process.pid}`;
  try {
    writeFileSync(beside, text, { mode: statSync(path).mode });
    renameSync(beside, path);
  } finally {
    rmSync(beside, { force: true });
  }
}

function withEnforced(config: Config, { bundle, rule }: Shadowed): Config {
  const free = <P extends Pick<Config['policies']['org'][number], 'mode' | 'rules'>>(policy: P): P =>
    rule === ''
      ? { ...policy, mode: 'enforce' }
      : { ...policy, rules: { ...policy.rules, [rule]: { ...policy.rules[rule], mode: 'enforce' } } };
  const isOfOrganisation = config.policies.org.some(({ id }) => id === bundle);
  const org = config.policies.org.map((one) => (one.id === bundle ? free(one) : one));
  if (isOfOrganisation) return { ...config, policies: { ...config.policies, org } };
  const servers = Object.entries(config.mcpServers).map(([id, server]) => {
    return [id, id === bundle ? { ...server, policy: free(server.policy) } : server] as const;
  });
  return { ...config, mcpServers: Object.fromEntries(servers) };
}

function usage(message: string, mend: string): GatewayError {
  return new GatewayError('USAGE', message, { mend });
}
