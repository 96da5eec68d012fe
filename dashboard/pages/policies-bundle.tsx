import type { JSX } from 'preact';
import type { BundleRow } from '../../src/dashboard/api-policies.ts';
import { Badge } from '../parts/badge.tsx';
import { Icon } from '../parts/icon.tsx';
import { Time } from '../parts/time.tsx';
import { countOf, shortHash } from '../words/numbers.ts';
import { MODE_WORDS } from '../words/plain.ts';
import { RuleItem } from './policies-rule.tsx';

/** One bundle; its rules are one click away. */
export function BundleCard({ bundle, isOpen }: { bundle: BundleRow; isOpen: boolean }): JSX.Element {
  const { id, mode, source, digest, signer, since, scope, stale, rules } = bundle;
  return (
    <details class="card bundle" open={isOpen}>
      <summary>
        <span class="bundle-name">
          <Icon name="next" />
          <strong>{id}</strong>
        </span>
        <span class="muted">{countOf(rules.length, 'rule')}</span>
        <Badge tone={mode === 'enforce' ? 'allow' : 'pending'}>{MODE_WORDS[mode]}</Badge>
        {stale !== '' && (
          <Badge tone="deny" icon="warn">
            Not the newest
          </Badge>
        )}
      </summary>
      {stale !== '' && <p class="problem">{stale}</p>}
      <dl class="pairs pairs--facts">
        <Pair name="From" value={source} />
        <Pair name="Applies to" value={scope} />
        <Pair name="Signed by" value={signer === '' ? 'nobody' : signer} />
        <div>
          <dt>In force since</dt>
          <dd>
            <Time at={since} /> <code class="muted">{shortHash(digest)}</code>
          </dd>
        </div>
      </dl>
      <ul class="rules">
        {rules.map((rule) => (
          <RuleItem key={rule.id} bundle={id} rule={rule} />
        ))}
      </ul>
    </details>
  );
}

function Pair({ name, value }: { name: string; value: string }): JSX.Element | null {
  if (value === '') return null;
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
