import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { isJsonObject, type Json, type JsonObject } from '../src/core/json.ts';
import { BENCH, UPSTREAM, WORK } from './place.ts';
import { AGENT, DATA_CLASS, REGION, SERVER, TABLES, TEAM, USER } from './workload.ts';

/** Which bundles decide: the starter set that a fresh install has, or the six heavy ones. */
export type BundleSet = 'starter' | 'heavy';
export type Durability = 'normal' | 'full';

/** The organisation's heavy bundles; the sixth is the author's, `bundles/echo`. */
export const ORGANISATION = ['identity', 'resource', 'workflow', 'compliance', 'override'] as const;

/** Where a heavy bundle lies once `writeBundles` has run. */
export function bundleFolder(id: string): string {
  return `${WORK}bundles/${id}`;
}

/** Copies the heavy bundles, each with its tables in its data, as an organisation would ship them. */
export function writeBundles(): void {
  cpSync(`${BENCH}bundles`, `${WORK}bundles`, { recursive: true });
  for (const layer of ORGANISATION) {
    const file = `${bundleFolder(layer)}/data.json`;
    const shipped = JSON.parse(readFileSync(file, 'utf8')) as Record<string, { readonly config: JsonObject }>;
    const data = Object.entries(shipped).map(([root, { config }]) => [root, { config: merge(config, TABLES[layer]) }]);
    writeFileSync(file, JSON.stringify(Object.fromEntries(data)));
  }
}

/** Rows of the bundle's own, which its tests are about, beside those of the tables. */
function merge(config: JsonObject, tables: Readonly<Record<string, JsonObject>> = {}): JsonObject {
  const merged = Object.entries(tables).map(([name, rows]) => [name, { ...rows, ...asRows(config[name]) }] as const);
  return { ...config, ...Object.fromEntries(merged) };
}

function asRows(value: Json | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

/** Writes a gateway's configuration; JSON is YAML. */
export function writeConfiguration(file: string, bundles: BundleSet, durability: Durability): void {
  const isHeavy = bundles === 'heavy';
  const configuration = {
    version: 1,
    gateway: {
      environment: { region: REGION },
      principal: {
        agent: { id: AGENT, owner_team: TEAM },
        user: { id: USER, data_classes: [DATA_CLASS] },
      },
    },
    mcpServers: {
      [SERVER]: {
        command: process.execPath,
        args: [UPSTREAM],
        region: REGION,
        policy: isHeavy ? { source: bundleFolder(SERVER) } : { source: 'none' },
      },
    },
    policies: { org: isHeavy ? ORGANISATION.map(organisationBundle) : [] },
    decisions: { durability },
  };
  writeFileSync(file, JSON.stringify(configuration));
}

function organisationBundle(layer: (typeof ORGANISATION)[number]): object {
  return { id: layer, layer, source: bundleFolder(layer) };
}
