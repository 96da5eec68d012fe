import { LAYERS } from '../core/opinion.ts';
import { agentComplaints } from './agent-checks.ts';
import { dashboardComplaints } from './dashboard-checks.ts';
import { authComplaints, bindingComplaints } from './http-checks.ts';
import { type Complaint, pathText, type Problem } from './problems.ts';
import type { ConfigFile } from './schema.ts';
import { sourceComplaints } from './source-checks.ts';
import { storeComplaints } from './store-checks.ts';
import { nearest } from './suggest.ts';
import { placeOfValue, placeOfKey, type TreeNode } from './tree.ts';

/** What is wrong with values that are each in order, but not together. */
export function crossProblems(config: ConfigFile, root: TreeNode): readonly Problem[] {
  const complaints = [
    ...idComplaints(config),
    ...modeComplaints(config),
    ...relaxComplaints(config),
    ...bindingComplaints(config),
    ...authComplaints(config),
    ...dashboardComplaints(config),
    ...scopeComplaints(config),
    ...atomicComplaints(config),
    ...storeComplaints(config),
    ...exportComplaints(config),
    ...agentComplaints(config),
    ...sourceComplaints(config, root),
  ];
  return complaints.map(({ path, isAboutKey, ...rest }) => ({
    ...rest,
    path: pathText(path),
    place: isAboutKey === true ? placeOfKey(root, path) : placeOfValue(root, path),
  }));
}

/** Ids of bundles are one namespace: servers, agents, starters and the organisation's. */
function idComplaints(config: ConfigFile): readonly Complaint[] {
  const agents = Object.keys(config.agents).map((id) => [`agent-${id}`, `the bundle of agents.${id}`] as const);
  const starters = LAYERS.map((layer) => [`starter-${layer}`, `the starter bundle of layer ${layer}`] as const);
  const taken = new Map<string, string>([...starters, ...agents]);
  const complaints: Complaint[] = [];
  const claim = (id: string, owner: string, where: Pick<Complaint, 'path' | 'isAboutKey'>): void => {
    const holder = taken.get(id);
    if (holder === undefined) taken.set(id, owner);
    else
      complaints.push({
        code: 'E_CONFLICT',
        ...where,
        message: `"${id}" is also ${holder}`,
        help: 'give it another id; ids of bundles are one namespace',
      });
  };
  for (const id of Object.keys(config.mcpServers))
    claim(id, `the bundle of mcpServers.${id}`, { path: ['mcpServers', id], isAboutKey: true });
  config.policies.org.forEach((bundle, index) =>
    claim(bundle.id, `policies.org.${index}`, { path: ['policies', 'org', index, 'id'] }),
  );
  return complaints;
}

/** A warning would open the identity gate, and would lift what nobody permitted. */
function modeComplaints(config: ConfigFile): readonly Complaint[] {
  return config.policies.org.flatMap((bundle, index) => {
    if (bundle.layer !== 'identity' && bundle.layer !== 'override') return [];
    return relaxations(bundle)
      .filter(({ mode }) => mode === 'warn')
      .map(({ path }) => ({
        code: 'E_CONFLICT' as const,
        path: ['policies', 'org', index, ...path],
        message: `a bundle of layer ${bundle.layer} cannot only warn`,
        help: 'use enforce, or shadow to see what it would say',
      }));
  });
}

function relaxComplaints(config: ConfigFile): readonly Complaint[] {
  const bundles = [
    ...config.policies.org.map((bundle, index) => ({ layer: bundle.layer, bundle, path: ['policies', 'org', index] })),
    ...Object.entries(config.mcpServers).map(([id, server]) => ({
      layer: 'server' as const,
      bundle: server.policy,
      path: ['mcpServers', id, 'policy'],
    })),
  ];
  return bundles
    .filter(({ layer }) => !config.policies.layers[layer].relax)
    .flatMap(({ layer, bundle, path }) =>
      relaxations(bundle).map((relaxation) => ({
        code: 'E_CONFLICT' as const,
        path: [...path, ...relaxation.path],
        message: `"${relaxation.mode}" relaxes a bundle of layer ${layer}, which policies.layers.${layer}.relax forbids`,
        help: 'leave it out, or set relax to true',
      })),
    );
}

interface Relaxable {
  readonly mode: string;
  readonly rules: Readonly<Record<string, { readonly mode: string }>>;
}

function relaxations(bundle: Relaxable): readonly { readonly path: readonly string[]; readonly mode: string }[] {
  const rules = Object.entries(bundle.rules).map(([id, rule]) => ({ path: ['rules', id, 'mode'], mode: rule.mode }));
  return [{ path: ['mode'], mode: bundle.mode }, ...rules].filter(({ mode }) => mode !== 'enforce');
}

/** A scope that names a server which is not there is mostly a slip of the pen; it may also be shared by several files. */
function scopeComplaints(config: ConfigFile): readonly Complaint[] {
  const servers = Object.keys(config.mcpServers);
  const named = [
    ...config.policies.org.flatMap((bundle, index) =>
      bundle.for.servers.map((name, at) => ({ name, path: ['policies', 'org', index, 'for', 'servers', at] })),
    ),
    ...Object.entries(config.agents).flatMap(([id, agent]) => [
      ...(agent.servers ?? []).map((name, at) => ({ name, path: ['agents', id, 'servers', at] })),
      ...(agent.tools ?? []).map((tool, at) => ({
        name: tool.slice(0, tool.indexOf('/')),
        path: ['agents', id, 'tools', at],
      })),
    ]),
  ];
  return named
    .filter(({ name }) => !/[*?]/.test(name) && !servers.includes(name))
    .map(({ name, path }) => {
      const meant = nearest(name, servers);
      const help = meant === undefined ? `the servers are ${servers.join(', ') || 'none'}` : `did you mean "${meant}"?`;
      return { code: 'W_UNKNOWN_SERVER' as const, path, message: `there is no server "${name}"`, help };
    });
}

/** How far an export has come is kept under its id. */
function exportComplaints({ decisions }: ConfigFile): readonly Complaint[] {
  return decisions.export.flatMap(({ id }, index): readonly Complaint[] => {
    if (decisions.export.findIndex((one) => one.id === id) === index) return [];
    const path = ['decisions', 'export', index, 'id'];
    const help = 'give it another id; how far it has come is kept under it';
    return [{ code: 'E_CONFLICT', path, message: `"${id}" is also another export`, help }];
  });
}

/** A set that names a bundle which is not there would let the others change without it. */
function atomicComplaints(config: ConfigFile): readonly Complaint[] {
  const { org, atomic } = config.policies;
  const agents = Object.keys(config.agents).map((id) => `agent-${id}`);
  const known = [...org.map(({ id }) => id), ...Object.keys(config.mcpServers), ...agents];
  return atomic.flatMap((set, index) =>
    set.flatMap((id, at): readonly Complaint[] => {
      if (known.includes(id)) return [];
      const meant = nearest(id, known);
      const help = meant === undefined ? `the bundles are ${known.join(', ') || 'none'}` : `did you mean "${meant}"?`;
      const path = ['policies', 'atomic', index, at];
      return [{ code: 'E_VALUE', path, message: `there is no bundle "${id}"`, help }];
    }),
  );
}
