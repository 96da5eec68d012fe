import { ruleRow, selectorText, sinceWhen } from './dashboard-policies.ts';
import type { FoundPolicy } from './policy-list.ts';
import type { LoadedConfig } from '../config/load.ts';
import type { Activation } from '../core/generation.ts';
import type { BundleRow } from '../dashboard/api-policies.ts';

interface Facts {
  readonly loaded: LoadedConfig;
  readonly activations: readonly Activation[];
}

/** A bundle as the configuration has it, on which no gateway has decided yet. */
export function configuredRow({ listed, checked }: FoundPolicy, { loaded, activations }: Facts): BundleRow {
  const { id, layer, mode, source, digest, signature, why } = listed;
  const { config } = loaded;
  const settings = config.policies.org.find((bundle) => bundle.id === id);
  const rules = settings?.rules ?? config.mcpServers[id]?.policy.rules ?? {};
  return {
    id,
    layer,
    mode,
    source,
    digest,
    signer: signature === 'unsigned' ? '' : signature,
    since: sinceWhen({ id, digest }, activations),
    scope: settings === undefined ? scopeOf(id, config) : selectorText(settings.for),
    stale: why,
    rules:
      checked === undefined
        ? []
        : [...checked.rules.values()].map((rule) => ruleRow(rule.id, rule, rules[rule.id]?.mode ?? mode)),
  };
}

function scopeOf(id: string, { mcpServers }: LoadedConfig['config']): string {
  return Object.hasOwn(mcpServers, id) ? `server ${id}` : 'everything';
}
