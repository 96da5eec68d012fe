import type { JSX } from 'preact';
import type { BundleRow, PoliciesView } from '../../src/dashboard/api-policies.ts';
import { LAYERS_IN_ORDER } from '../words/layers.ts';
import { Command } from '../parts/command.tsx';
import { Empty } from '../parts/empty.tsx';
import { Page } from '../parts/page.tsx';
import { Shown } from '../parts/shown.tsx';
import { useLoad } from '../state/load.ts';
import { address, refine } from '../state/route.ts';
import { LAYER_WORDS } from '../words/plain.ts';
import { matchingBundles } from '../words/rules-search.ts';
import { BundleCard } from './policies-bundle.tsx';

/** What is allowed and what is not, rule by rule in words. */
export function PoliciesPage(): JSX.Element {
  const loaded = useLoad<PoliciesView>('policies');
  const text = address.value.query.get('q') ?? '';
  return (
    <Page
      title="Policies"
      about="The rules in force, in words. One denial is enough to refuse; a call needs its server and the owners of the data to allow it."
    >
      <search class="search">
        <input
          type="search"
          aria-label="Search the rules"
          placeholder="Search the rules: refund, SOC 2, customer data …"
          value={text}
          onInput={({ currentTarget }) => refine({ q: currentTarget.value })}
        />
      </search>
      <Shown loaded={loaded}>{({ bundles }) => <Layers bundles={bundles} text={text} />}</Shown>
    </Page>
  );
}

function Layers({ bundles, text }: { bundles: readonly BundleRow[]; text: string }): JSX.Element {
  if (bundles.length === 0) {
    return (
      <Empty title="No policy is in force, so every call is denied">
        <p>
          Policies come with servers, or from your organisation. See which are missing:{' '}
          <Command line="mcp-gateway doctor" />
        </p>
      </Empty>
    );
  }
  const found = matchingBundles(bundles, text);
  if (found.length === 0) {
    return (
      <Empty title={`No rule speaks of “${text}”`}>
        <p>Try a shorter word, or one that stands in the title of a rule.</p>
      </Empty>
    );
  }
  return (
    <>
      {LAYERS_IN_ORDER.map((layer) => {
        const own = found.filter((bundle) => bundle.layer === layer);
        if (own.length === 0) return null;
        return (
          <section key={layer} class="layer" aria-labelledby={`layer-${layer}`}>
            <h2 id={`layer-${layer}`}>
              {LAYER_WORDS[layer].name} <span class="muted">{LAYER_WORDS[layer].about}</span>
            </h2>
            {own.map((bundle) => (
              <BundleCard key={bundle.id} bundle={bundle} isOpen={text !== ''} />
            ))}
          </section>
        );
      })}
    </>
  );
}
