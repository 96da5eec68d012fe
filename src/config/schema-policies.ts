import * as z from 'zod';
import { LAYERS, type Layer } from '../core/opinion.ts';
import { BundleData, Duration, ModeName, RuleModes, ServerIdText, Texts } from './schema-values.ts';
import { BundlePath } from './schema-servers.ts';

const ORGANISATION_LAYERS = LAYERS.filter((layer) => layer !== 'server');

const BundleScope = z.strictObject({
  servers: Texts.default(['*']).describe('Ids or globs of servers.'),
  agents: Texts.default(['*']).describe('Ids or globs of agents.'),
  tools: Texts.default(['*']).describe('Names or globs of tools, without the server.'),
});

const OrganisationBundle = z.strictObject({
  id: ServerIdText.describe('Name of the bundle; rules are called `<id>/<rule>`.'),
  layer: z.enum(ORGANISATION_LAYERS).describe('Which layer it speaks for; as in its manifest.'),
  source: BundlePath.describe('Path of the bundle: a folder or a .tar.gz.'),
  for: BundleScope.prefault({}).describe('Which calls it takes part in. Default: all.'),
  mode: ModeName.default('enforce').describe('Mode of the whole bundle.'),
  rules: RuleModes.default({}).describe('Modes of single rules, by id.'),
  data: BundleData.prefault({}).describe('Values for `data.<root>.config` of the bundle.'),
  refresh: Duration.optional().describe('How often a remote bundle is asked for anew.'),
  signer: z.string().optional().describe('Whose signature the bundle must carry.'),
});

const LayerSettings = z.strictObject({
  required: z.boolean().default(false).describe('Whether every call is denied while the layer has no bundle.'),
  starter: z
    .boolean()
    .optional()
    .describe('Whether the starter bundle stands in for this layer. Default: as `policies.starter` says.'),
  relax: z.boolean().default(true).describe('Whether `mode` and `rules` may relax bundles of this layer.'),
});

export const Policies = z
  .strictObject({
    starter: z.boolean().default(true).describe('Whether a layer without a bundle uses its starter bundle.'),
    org: z.array(OrganisationBundle).default([]).describe('The bundles of the organisation.'),
    layers: z.partialRecord(z.enum(LAYERS), LayerSettings).default({}).describe('Settings of single layers.'),
    dataClasses: z.array(z.unknown()).optional().describe('Patterns or pointers that tell data classes in arguments.'),
    pins: z
      .strictObject({ text: z.enum(['warn', 'quarantine']).optional().describe('What a changed description does.') })
      .optional()
      .describe('What a changed tool definition does.'),
    atomic: z.array(z.array(z.string())).optional().describe('Sets of bundles that change together or not at all.'),
    evaluationFuel: z
      .int()
      .min(10_000)
      .max(1_000_000_000)
      .default(2_000_000)
      .describe('Fuel of one bundle for one decision: loop turns and calls. A whole decision gets twice as much.'),
    engine: z
      .enum(['native', 'reference'])
      .default('native')
      .describe('`reference` evaluates with @open-policy-agent/opa-wasm, slower, to look for differences.'),
  })
  .transform((policies) => ({ ...policies, layers: settingsOfAll(policies.layers, policies.starter) }));

interface ResolvedLayer {
  readonly required: boolean;
  readonly starter: boolean;
  readonly relax: boolean;
}

function settingsOfAll(
  given: Partial<Record<Layer, z.output<typeof LayerSettings>>>,
  starter: boolean,
): Readonly<Record<Layer, ResolvedLayer>> {
  const settings = (layer: Layer): ResolvedLayer => ({
    required: false,
    relax: true,
    ...given[layer],
    starter: given[layer]?.starter ?? starter,
  });
  return {
    identity: settings('identity'),
    server: settings('server'),
    resource: settings('resource'),
    workflow: settings('workflow'),
    compliance: settings('compliance'),
    override: settings('override'),
  };
}
