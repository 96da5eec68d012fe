import { resolve } from 'node:path';

/** How the gateway reaches the upstream of the suite. */
export type Reach = { readonly kind: 'http'; readonly url: string } | { readonly kind: 'stdio' };

/** How the upstream is started: its sources are TypeScript. */
export const UPSTREAM = ['--import', import.meta.resolve('tsx'), resolve('test/conformance/upstream.ts')];

/** One upstream, whose names stay as they are. */
export function oneUpstream(reach: Reach): string {
  return configuration('auto', theUpstream(reach));
}

/** The reference server `everything` beside it; no name of either is prefixed, and none collides. */
export function twoUpstreams(reach: Reach): string {
  const everything = resolve('node_modules/@modelcontextprotocol/server-everything/dist/index.js');
  return configuration('plain', [
    ...theUpstream(reach),
    '  everything:',
    `    command: ${JSON.stringify(process.execPath)}`,
    `    args: ${JSON.stringify([everything, 'stdio'])}`,
    // Otherwise each of the suite's sessions would start a process of its own.
    '    instance: gateway',
  ]);
}

function configuration(toolNames: string, upstreams: readonly string[]): string {
  return [
    'version: 1',
    `gateway: { toolNames: ${toolNames} }`,
    'decisions: { durability: normal }',
    'policies:',
    '  org:',
    `    - { id: organisation, layer: resource, source: ${bundle('organisation')} }`,
    'mcpServers:',
    ...upstreams,
    '',
  ].join('\n');
}

function theUpstream(reach: Reach): readonly string[] {
  return [
    '  conformance:',
    ...reached(reach),
    `    policy: { source: ${bundle('server')} }`,
    '    allow: { sampling: true, elicitation: true, roots: true }',
  ];
}

function reached(reach: Reach): readonly string[] {
  if (reach.kind === 'http') return ['    type: http', `    url: ${reach.url}`];
  return [`    command: ${JSON.stringify(process.execPath)}`, `    args: ${JSON.stringify([...UPSTREAM, '--stdio'])}`];
}

function bundle(name: string): string {
  return JSON.stringify(resolve('test/conformance/policy', name));
}
