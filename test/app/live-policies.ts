import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type RunningGateway, startApp } from '../../src/app.ts';
import { loadConfig, type LoadedConfig } from '../../src/config/load.ts';
import type { Activation } from '../../src/core/generation.ts';
import type { Logger } from '../../src/core/logger.ts';
import { DecisionReader } from '../../src/state/decision-reader.ts';
import { realClock } from '../state/records.ts';

/** A folder with a configuration, the bundles that it names, and the gateway's home. */
export interface PolicyPlace {
  readonly folder: string;
  readonly config: string;
  readonly home: string;
  readonly store: string;
}

/** `bundles`: what stands beside id and source in `policies.org`, by id. */
export function aPolicyPlace(bundles: Readonly<Record<string, object>>, policies: object = {}): PolicyPlace {
  const folder = mkdtempSync(join(tmpdir(), 'mcp-gateway-live-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  const place = {
    folder,
    config: join(folder, 'mcp-gateway.yaml'),
    home: join(folder, 'home'),
    store: join(folder, 'decisions.db'),
  };
  mkdirSync(place.home);
  configure(place, bundles, policies);
  for (const id of Object.keys(bundles)) writeBundle(place, id, denying('all'));
  return place;
}

export function configure(
  { config, store }: PolicyPlace,
  bundles: Readonly<Record<string, object>>,
  policies: object = {},
): void {
  const org = Object.entries(bundles).map(([id, more]) => ({ id, layer: 'workflow', source: `./${id}`, ...more }));
  const parts = { decisions: { store: { path: store } }, policies: { starter: false, org, ...policies } };
  writeFileSync(config, JSON.stringify({ version: 1, mcpServers: {}, ...parts }));
}

/** A policy that denies for this reason. */
export function denying(reason: string, id = 'D-1'): string {
  return `package policy

# METADATA
# title: Nothing is done
# custom:
#   id: ${id}
deny contains {"id": "${id}", "reason": "${reason}"} if input.action.tool != ""
`;
}

export interface Written {
  readonly rego: string;
  readonly revision?: string;
  readonly gateway?: object;
  readonly data?: object;
}

export function writeBundle({ folder }: Pick<PolicyPlace, 'folder'>, id: string, written: string | Written): void {
  const { rego, revision = '', gateway = {}, data = {} } = typeof written === 'string' ? { rego: written } : written;
  const at = join(folder, id);
  const metadata = { gateway: { contract: 1, layer: 'workflow', ...gateway } };
  mkdirSync(at, { recursive: true });
  writeFileSync(join(at, '.manifest'), JSON.stringify({ revision, roots: ['policy'], metadata }));
  writeFileSync(join(at, 'policy.rego'), rego);
  writeFileSync(join(at, 'data.json'), JSON.stringify({ policy: { config: data } }));
}

export interface Live {
  readonly app: RunningGateway;
  /** Every error and warning that was logged. */
  readonly logged: readonly string[];
}

/** A gateway that follows its bundles and its configuration, closed at the end. */
export async function startLive(place: PolicyPlace, more: { readonly isShadow?: boolean } = {}): Promise<Live> {
  const logged: string[] = [];
  const log = (message: string, fields: object = {}): void => void logged.push(`${message} ${JSON.stringify(fields)}`);
  const logger: Logger = { debug: () => undefined, info: () => undefined, warn: log, error: log };
  const read = (): LoadedConfig =>
    loadConfig({ path: place.config, environment: {}, workingFolder: place.folder, ...place, userHome: place.folder });
  const { config, secrets, files } = read();
  const app = await startApp({
    config,
    secrets,
    configuration: { files, read },
    home: place.home,
    cache: join(tmpdir(), 'mcp-gateway-test-cache'),
    version: '0',
    owner: 'ana',
    login: 'ana',
    host: { platform: process.platform, nodePath: process.execPath, environment: process.env },
    timezone: 'UTC',
    clock: realClock,
    lookEveryMs: 80,
    ...more,
    logger,
  });
  onTestFinished(() => app.close());
  await app.ready;
  return { app, logged };
}

/** The newest first. */
export async function activationsOf({ store }: PolicyPlace): Promise<readonly Activation[]> {
  const reader = new DecisionReader({ path: store });
  try {
    return await reader.generations.activations(100);
  } finally {
    await reader.close();
  }
}

/** Resolves with the generation that takes the place of this one. */
export async function nextGeneration({ app }: Live, before: string): Promise<string> {
  await until(async () => app.readiness().generation !== before);
  return app.readiness().generation;
}

export function untilActivated(place: PolicyPlace, times: number): Promise<void> {
  return until(async () => (await activationsOf(place)).length >= times);
}

export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await wait(20);
}
