import type { JSX } from 'preact';
import type { Count, OverviewView } from '../../src/dashboard/api.ts';
import { type Bar, Bars } from '../parts/bars.tsx';
import { Card } from '../parts/card.tsx';
import { hrefToDecisions } from '../words/addresses.ts';
import { reasonWords } from '../words/plain.ts';

const SHOWN = 7;

/** Why things are refused, and what is used most. */
export function Rankings({ view: { reasons, tools }, since }: { view: OverviewView; since: string }): JSX.Element {
  return (
    <>
      <Card title="Why things were refused">
        {reasons.length === 0 ? (
          <p class="muted">Nothing was refused in this time.</p>
        ) : (
          <Bars tone="deny" bars={reasons.slice(0, SHOWN).map((count) => reasonBar(count, since))} />
        )}
      </Card>
      <Card title="Most used tools">
        <Bars tone="plain" bars={tools.slice(0, SHOWN).map((count) => toolBar(count, since))} />
      </Card>
    </>
  );
}

function reasonBar({ name, count }: Count, since: string): Bar {
  return { name: reasonWords(name), code: name, count, href: hrefToDecisions({ reason: name, since }) };
}

function toolBar({ name, count }: Count, since: string): Bar {
  return { name, count, href: hrefToDecisions({ tool: name, since }) };
}
