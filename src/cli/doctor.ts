import { examine } from '../app/doctor-checks.ts';
import type { FindingState, HealthFinding, ReadConfiguration, ReadLock, Subject } from '../app/doctor.ts';
import type { TriedServer } from '../app/doctor-servers.ts';
import { readKnownTools } from '../app/known-tools.ts';
import { findPolicies, type ListedBundle } from '../app/policy-list.ts';
import { findClients } from '../clients/find.ts';
import { platformOf } from '../clients/machine.ts';
import { lockPathOf, readLock } from '../config/lock-file.ts';
import { loadConfig } from '../config/load.ts';
import { GatewayError, messageOf } from '../core/errors.ts';
import type { ServerId } from '../core/names.ts';
import { type ConfigOption, loadOptions } from './config.ts';
import type { CommandContext } from './context.ts';
import { counted } from './counted.ts';
import { EXIT } from './exit.ts';
import { withPolicies } from './policy-place.ts';
import { announced } from './progress.ts';
import { clock } from './server-sign-ins.ts';
import { look, unitWork } from './server-unit.ts';
import { linesOf, paint, printJson, printLine, printNote, type Terminal, visible } from './terminal.ts';

export interface DoctorOptions extends ConfigOption {
  readonly fix?: boolean;
  readonly offline?: boolean;
  /** False where `--no-start` is given. */
  readonly start?: boolean;
  readonly json?: boolean;
}

/** Looks at everything, mends what it may where that was asked for, and looks again at what it has mended. */
export async function doctor(context: CommandContext, options: DoctorOptions): Promise<void> {
  const { terminal } = context;
  const first = await announced(terminal, 'looking …', examine(await subjectOf(context, options)));
  const done = options.fix === true ? await fixAll(first, terminal) : [];
  const found = done.length === 0 ? first : await examine(await subjectOf(context, options));
  const count = (state: FindingState): number => found.filter((finding) => finding.state === state).length;
  if (count('fail') > 0) context.setExit(EXIT.findings);
  if (options.json === true) {
    const findings = found.map(({ id, state, words, mend = '' }) => ({ id, state, words, mend }));
    const counts = { ok: count('ok'), warn: count('warn'), fail: count('fail'), skip: count('skip') };
    return printJson(terminal, 'doctor', { ok: count('fail') === 0, counts, findings, fixed: done });
  }
  const shown = folded(found);
  const width = Math.max(...shown.map(({ id }) => id.length));
  for (const finding of shown) print(terminal, finding, width);
  printLine(terminal, `\n${counted(count('fail'), 'failure')}, ${counted(count('warn'), 'warning')}`);
}

/** The starter bundles that are good in one line: nobody has chosen them one by one. */
function folded(found: readonly HealthFinding[]): readonly HealthFinding[] {
  const isGoodStarter = ({ id, state }: HealthFinding): boolean => state === 'ok' && id.startsWith('bundle.starter-');
  const [first, ...others] = found.filter(isGoodStarter);
  if (first === undefined || others.length === 0) return found;
  const line: HealthFinding = {
    id: 'bundle.starter-*',
    state: 'ok',
    words: `${String(others.length + 1)} starter bundles`,
  };
  return found.flatMap((finding) => (finding === first ? [line] : isGoodStarter(finding) ? [] : [finding]));
}

/** What it did, each as a sentence. */
async function fixAll(findings: readonly HealthFinding[], terminal: Terminal): Promise<readonly string[]> {
  const done: string[] = [];
  for (const { id, fix } of findings) {
    if (fix === undefined) continue;
    try {
      done.push(await fix());
    } catch (thrown) {
      printNote(terminal, `${id} could not be mended: ${messageOf(thrown)}`);
    }
  }
  for (const what of done) printNote(terminal, `fixed: ${what}`);
  return done;
}

async function subjectOf(context: CommandContext, options: DoctorOptions): Promise<Subject> {
  const { environment } = context;
  const { home, cache, userHome, workingFolder, variables } = environment;
  const configuration = readConfiguration(context, options);
  const loaded = configuration.kind === 'good' ? configuration.loaded : undefined;
  const startsServers = options.offline !== true && options.start !== false;
  return {
    nodeVersion: process.versions.node,
    platform: process.platform,
    home,
    cache,
    modesMean: process.platform !== 'win32',
    now: clock.now(),
    clock,
    configuration,
    lock: readLockOf(configuration, workingFolder),
    tools: loaded === undefined ? undefined : await readKnownTools(loaded.config).catch(() => undefined),
    clients: findClients({
      platform: platformOf(process.platform),
      home: userHome,
      environment: variables,
      workingFolder,
    }),
    tryServer: startsServers ? (id) => tryServer(context, options, id) : undefined,
    bundles: () => bundlesOf(context, options),
  };
}

function readConfiguration(context: CommandContext, options: ConfigOption): ReadConfiguration {
  try {
    return { kind: 'good', loaded: loadConfig(loadOptions(context, options)) };
  } catch (thrown) {
    const isMissing = thrown instanceof GatewayError && thrown.code === 'CONFIG_NOT_FOUND';
    return { kind: isMissing ? 'none' : 'bad', problem: messageOf(thrown) };
  }
}

function readLockOf(configuration: ReadConfiguration, workingFolder: string): ReadLock {
  if (configuration.kind !== 'good') return { kind: 'none' };
  const path = lockPathOf(configuration.loaded.path);
  try {
    return { kind: 'good', path, lock: readLock(path, workingFolder) };
  } catch (thrown) {
    return { kind: 'bad', problem: messageOf(thrown) };
  }
}

/** Starts a server as `server test` does. */
async function tryServer(context: CommandContext, options: ConfigOption, id: ServerId): Promise<TriedServer> {
  let tried: TriedServer | undefined;
  await unitWork(quiet(context), options, async (work) => {
    tried = await look(id, work);
  });
  if (tried === undefined) throw new GatewayError('UPSTREAM_UNAVAILABLE', 'it was not started');
  return tried;
}

async function bundlesOf(context: CommandContext, options: ConfigOption): Promise<readonly ListedBundle[]> {
  let bundles: readonly ListedBundle[] = [];
  await withPolicies(quiet(context), options, async (place, loader) => {
    bundles = (await findPolicies(place, loader)).map(({ listed }) => listed);
  });
  return bundles;
}

/** What is doubtful about the configuration is a finding of its own. */
function quiet(context: CommandContext): CommandContext {
  const { terminal } = context;
  const silent = Object.create(terminal.err, { write: { value: () => true } }) as NodeJS.WriteStream;
  return { ...context, terminal: { ...terminal, err: silent } };
}

const STYLES = { ok: 'green', warn: 'yellow', fail: 'red', skip: 'dim' } as const;
const LABELS = { ok: 'ok', warn: 'warn', fail: 'FAIL', skip: 'skip' } as const;

function print(terminal: Terminal, { id, state, words, mend }: HealthFinding, width: number): void {
  const label = paint(terminal, STYLES[state], LABELS[state].padEnd(4));
  const start = `  ${label}  ${visible(id).padEnd(width)}  `;
  const indent = ' '.repeat(width + 10);
  for (const [index, line] of linesOf(terminal, visible(words), indent.length).entries())
    printLine(terminal, `${index === 0 ? start : indent}${line}`);
  // The command stands whole on its line, so that it can be copied.
  if (mend !== undefined) printLine(terminal, `${indent}${paint(terminal, 'cyan', `fix: ${visible(mend)}`)}`);
}
