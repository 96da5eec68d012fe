import { sinceWhen } from './dashboard-policies.ts';
import { namesIn } from './dashboard-report.ts';
import type { FoundPolicy } from './policy-list.ts';
import type { LoadedConfig } from '../config/load.ts';
import type { Activation } from '../core/generation.ts';
import type { BundleRow, RuleRow } from '../dashboard/api.ts';
import type { Rule } from '../policy/annotation.ts';

interface Facts {
  readonly loaded: LoadedConfig;
  readonly activations: readonly Activation[];
}

/** A bundle as the configuration has it, on which no gateway has decided yet. */
export function configuredRow({ listed, checked }: FoundPolicy, { loaded, activations }: Facts): BundleRow {
  const { id, layer, mode, source, digest, signature, why } = listed;
  const { config } = loaded;
  const scope = config.policies.org.find((bundle) => bundle.id === id)?.for;
  const rules =
    config.policies.org.find((bundle) => bundle.id === id)?.rules ?? config.mcpServers[id]?.policy.rules ?? {};
  return {
    id,
    layer,
    mode,
    source,
    digest,
    signer: signature === 'unsigned' ? '' : signature,
    since: sinceWhen(
      {
        id,
        digest,
      },
      activations,
    ),
    scope: scope === undefined ? scopeOf(id, config) : scopeText(scope),
    stale: why,
    rules:
      checked === undefined
        ? []
        : [...checked.rules.values()].map((rule) => ruleRow(rule, rules[rule.id]?.mode ?? mode)),
  };
}

function ruleRow(rule: Rule, mode: RuleRow['mode']): RuleRow {
  const { id, title, description, remediation, owner, control } = rule;
  return { id, kind: '', title, description, remediation, owner, control: namesIn(control), mode };
}

function scopeOf(id: string, { mcpServers }: LoadedConfig['config']): string {
  return Object.hasOwn(mcpServers, id) ? `server ${id}` : 'everything';
}

function scopeText(scope: Readonly<Record<'servers' | 'agents' | 'tools', readonly string[]>>): string {
  const parts = (['servers', 'agents', 'tools'] as const).filter((kind) => scope[kind].join() !== '*');
  return parts.map((kind) => `${kind} ${scope[kind].join(', ')}`).join('; ') || 'everything';
}
