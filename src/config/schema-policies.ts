import * as z from 'zod';
import { boundedPattern } from '../core/bounded-pattern.ts';
import { LAYERS, type Layer } from '../core/opinion.ts';
import { BundleData, ModeName, RuleModes, ServerIdText, Texts } from './schema-values.ts';
import { REMOTE_SETTINGS } from './schema-remote.ts';
import { SIGNER_SETTING } from './schema-signer.ts';
import { BundlePlace } from './schema-servers.ts';

const ORGANISATION_LAYERS = LAYERS.filter((layer) => layer !== 'server');

const BundleScope = z.strictObject({
  servers: Texts.default(['*']).describe('Ids or globs of servers.'),
  agents: Texts.default(['*']).describe('Ids or globs of agents.'),
  tools: Texts.default(['*']).describe('Names or globs of tools, without the server.'),
});

const OrganisationBundle = z.strictObject({
  id: ServerIdText.describe('Name of the bundle; rules are called `<id>/<rule>`.'),
  layer: z.enum(ORGANISATION_LAYERS).describe('Which layer it speaks for; as in its manifest.'),
  source: BundlePlace.describe('Path of the bundle, a folder or a .tar.gz, or an address (docs/sources.md).'),
  for: BundleScope.prefault({}).describe('Which calls it takes part in. Default: all.'),
  mode: ModeName.default('enforce').describe('Mode of the whole bundle.'),
  rules: RuleModes.default({}).describe('Modes of single rules, by id.'),
  data: BundleData.prefault({}).describe('Values for `data.<root>.config` of the bundle.'),
  ...REMOTE_SETTINGS,
  ...SIGNER_SETTING,
});

const ClassName = z.string().regex(/^[a-z][a-z0-9_.-]{0,63}$/, 'not a class, such as customer_pii');

/** Patterns are searched for in what others wrote, so they must not be able to take long. */
const Pattern = z
  .string()
  .min(1)
  .max(500)
  .superRefine((source, context) => {
    const read = boundedPattern(source);
    if (read.kind === 'refused') context.addIssue(`cannot be used as a pattern: ${read.why}`);
  });

const DataClassSetting = z
  .strictObject({
    class: ClassName.describe('The class that the data has.'),
    pattern: Pattern.optional().describe(
      'What such data looks like in arguments and results: characters, classes and bounded repetitions, as `KD-[0-9]{8}`.',
    ),
    pointer: z
      .string()
      .regex(/^(\/([^/~]|~[01])*)+$/, 'not a JSON pointer, such as /customer/email; * is any one segment')
      .optional()
      .describe('Where in arguments such data stands, as a JSON pointer; `*` is any one segment.'),
    detect: z
      .enum(['card_number', 'email', 'iban', 'secret'])
      .optional()
      .describe('What the gateway tells by itself, in arguments and results.'),
  })
  .transform((entry, context): DataClassEntry => {
    const { class: name, pattern, pointer, detect } = entry;
    const told: readonly (DataClassEntry | undefined)[] = [
      pattern === undefined ? undefined : { kind: 'pattern', class: name, pattern },
      pointer === undefined ? undefined : { kind: 'pointer', class: name, pointer },
      detect && { kind: 'detector', class: name, detector: detect },
    ];
    const [only, ...others] = told.filter((one) => one !== undefined);
    if (only !== undefined && others.length === 0) return only;
    context.addIssue({ code: 'custom', message: 'needs one of pattern, pointer and detect, and no more' });
    return z.NEVER;
  });

type DataClassEntry = { readonly class: string } & (
  | { readonly kind: 'pattern'; readonly pattern: string }
  | { readonly kind: 'pointer'; readonly pointer: string }
  | { readonly kind: 'detector'; readonly detector: 'card_number' | 'email' | 'iban' | 'secret' }
);

const LayerSettings = z.strictObject({
  required: z.boolean().default(false).describe('Whether every call is denied while the layer has no bundle.'),
  starter: z
    .boolean()
    .optional()
    .describe('Whether the starter bundle stands in for this layer. Default: as `policies.starter` says.'),
  relax: z.boolean().default(true).describe('Whether `mode` and `rules` may relax bundles of this layer.'),
  signed: z
    .boolean()
    .default(false)
    .describe('Whether a bundle of this layer needs a `signer`. What comes with the gateway counts as signed.'),
});

export const Policies = z
  .strictObject({
    starter: z.boolean().default(true).describe('Whether a layer without a bundle uses its starter bundle.'),
    org: z.array(OrganisationBundle).default([]).describe('The bundles of the organisation.'),
    layers: z.partialRecord(z.enum(LAYERS), LayerSettings).default({}).describe('Settings of single layers.'),
    dataClasses: z
      .array(DataClassSetting)
      .default([])
      .describe('How classes of data are told in arguments and results.'),
    pins: z
      .strictObject({
        text: z
          .enum(['warn', 'quarantine'])
          .default('warn')
          .describe('What becomes of a tool whose title, description, examples or defaults alone have changed.'),
      })
      .prefault({})
      .describe('What holds of tools that are not as `mcp-gateway.lock` has them. Other changes always quarantine.'),
    pause: z
      .boolean()
      .default(true)
      .describe('Whether `pause` and `serve --shadow` may let through, for a time, what policies deny.'),
    atomic: z
      .array(z.array(z.string()))
      .default([])
      .describe('Sets of ids of bundles that change together or not at all.'),
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
  readonly signed: boolean;
}

function settingsOfAll(
  given: Partial<Record<Layer, z.output<typeof LayerSettings>>>,
  starter: boolean,
): Readonly<Record<Layer, ResolvedLayer>> {
  const settings = (layer: Layer): ResolvedLayer => ({
    required: false,
    relax: true,
    signed: false,
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
