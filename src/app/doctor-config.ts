import { lstatSync, readFileSync } from 'node:fs';
import { fail, type HealthFinding, ok, skip, type Subject, warn } from './doctor.ts';
import type { LoadedConfig } from '../config/load.ts';
import { lockedIn } from '../core/server-lock.ts';
import { isJsonObject } from '../core/json.ts';
import { holdsKey } from '../core/key-patterns.ts';

export function checkConfig({ configuration }: Pick<Subject, 'configuration'>): readonly HealthFinding[] {
  if (configuration.kind === 'none') return [fail('config', configuration.problem, 'mcp-gateway init')];
  if (configuration.kind === 'bad') {
    const problems = configuration.problem.match(/^\S+:\d+:\d+ error /gm)?.length ?? 1;
    const [first = ''] = configuration.problem.split('\n');
    const more = problems > 1 ? `, and ${String(problems - 1)} more` : '';
    return [fail('config', `${first}${more}`, 'mcp-gateway config validate')];
  }
  const { config, path, warnings } = configuration.loaded;
  const servers = Object.keys(config.mcpServers).length;
  const words = `${path}, ${String(servers)} servers, ${String(config.policies.org.length)} bundles of the organisation`;
  if (servers === 0) return [warn('config', `${words}: there is nothing to govern`, 'mcp-gateway server add')];
  const [doubt = ''] = warnings.split('\n');
  return [doubt === '' ? ok('config', words) : warn('config', doubt, 'mcp-gateway config validate')];
}

/** Whether somebody has accepted what runs. */
export function checkLock({ lock, configuration }: Pick<Subject, 'lock' | 'configuration'>): readonly HealthFinding[] {
  if (lock.kind === 'bad') {
    const [first = ''] = lock.problem.split('\n');
    return [fail('lock', first, 'git checkout mcp-gateway.lock')];
  }
  if (configuration.kind !== 'good') return [skip('lock', 'there is no configuration to hold it to')];
  const { config, commands } = configuration.loaded;
  const ids = Object.keys(config.mcpServers);
  if (ids.length === 0) return [skip('lock', 'no server is configured')];
  const accepted = lock.kind === 'good' ? lock.lock : {};
  const missing = ids.filter((id) => lockedIn(accepted, id) === undefined);
  const [unaccepted] = missing;
  if (unaccepted !== undefined) {
    const words = `nobody has accepted what ${missing.join(', ')} offer${missing.length === 1 ? 's' : ''}`;
    return [warn('lock', words, `mcp-gateway server approve ${unaccepted} --all`)];
  }
  const other = ids.filter((id) => lockedIn(accepted, id)?.command !== commands[id]);
  const [changed] = other;
  if (changed === undefined) return [ok('lock', `${String(ids.length)} servers accepted`)];
  const words = `the command line of ${other.join(', ')} is another than was accepted, so nothing of it can be used`;
  return [fail('lock', words, `mcp-gateway server approve ${changed} --all`)];
}

/** Keys that stand in the file in the open, and a file that others can read. */
export function checkSecrets({
  configuration,
  modesMean,
}: Pick<Subject, 'configuration' | 'modesMean'>): readonly HealthFinding[] {
  if (configuration.kind !== 'good') return [skip('secrets', 'there is no configuration to look at')];
  const { loaded } = configuration;
  const open = openServers(loaded);
  const mode = lstatSync(loaded.path, { throwIfNoEntry: false })?.mode ?? 0;
  if (open.length > 0) {
    const others = modesMean && (mode & 0o077) !== 0 ? ', and others can read the file' : '';
    const words = `a key stands in the open in the settings of ${open.join(', ')}${others}`;
    return [warn('secrets', words, 'mcp-gateway secret check --fix')];
  }
  return [ok('secrets', `${String(loaded.secrets.length)} in use, none in the open`)];
}

/** Servers of which a value in `env`, `headers` or the command line looks like a key and was written out. */
function openServers({ config, files }: LoadedConfig): readonly string[] {
  const written = textsOf(files);
  return Object.entries(config.mcpServers).flatMap(([id, { transport }]) =>
    scalars(transport).some((text) => holdsKey(text) && written.includes(text)) ? [id] : [],
  );
}

function scalars(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) return value.flatMap((item: unknown) => scalars(item));
  return isJsonObject(value) ? Object.values(value).flatMap((item) => scalars(item)) : [];
}

/** Where keys stand that `scalars` looks for, once for all servers. */
function textsOf(files: readonly string[]): string {
  return files.map((file) => readFileSync(file, 'utf8')).join('\n');
}

/** Whether what is configured beside the gateway's own work can be reached, is telemetry's to say when it starts. */
export function checkOtlp({ configuration }: Pick<Subject, 'configuration'>): readonly HealthFinding[] {
  if (configuration.kind !== 'good') return [skip('otlp', 'there is no configuration to look at')];
  const { telemetry } = configuration.loaded.config;
  const otlp = telemetry?.otlp;
  if (otlp === undefined) return [skip('otlp', 'telemetry.otlp is not set')];
  const endpoint = isJsonObject(otlp) ? otlp['endpoint'] : undefined;
  return [ok('otlp', typeof endpoint === 'string' ? `to ${withoutSecrets(endpoint)}` : 'to http://localhost:4318')];
}

function withoutSecrets(address: string): string {
  const { origin, pathname } = new URL(address);
  return `${origin}${pathname}`;
}

export function checkDashboard({ configuration }: Pick<Subject, 'configuration'>): readonly HealthFinding[] {
  if (configuration.kind !== 'good') return [skip('dashboard', 'there is no configuration to look at')];
  const { dashboard } = configuration.loaded.config;
  if (!dashboard.enabled) return [skip('dashboard', 'dashboard.enabled is not set')];
  const { host, port } = dashboard;
  return [ok('dashboard', `on ${host}:${String(port)}`)];
}
