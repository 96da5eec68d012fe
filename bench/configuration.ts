import { writeFileSync } from 'node:fs';
import { BENCH, UPSTREAM } from './place.ts';
import { AGENT, DATA_CLASS, REGION, SERVER, TABLES, TEAM, USER } from './workload.ts';

/** Which bundles decide: the starter set that a fresh install has, or the six heavy ones. */
export type BundleSet = 'starter' | 'heavy';
export type Durability = 'normal' | 'full';

/** The organisation's heavy bundles; the sixth is the author's, `bundles/echo`. */
export const ORGANISATION = ['identity', 'resource', 'workflow', 'compliance', 'override'] as const;

export function bundleFolder(id: string): string {
  return `${BENCH}bundles/${id}`;
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
        policy: isHeavy ? { source: bundleFolder(SERVER), data: TABLES[SERVER] } : { source: 'none' },
      },
    },
    policies: { org: isHeavy ? ORGANISATION.map(organisationBundle) : [] },
    decisions: { durability },
  };
  writeFileSync(file, JSON.stringify(configuration));
}

function organisationBundle(layer: (typeof ORGANISATION)[number]): object {
  return { id: layer, layer, source: bundleFolder(layer), data: TABLES[layer] };
}
