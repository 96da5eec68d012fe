import type { JSX } from 'preact';
import { AgentsPage } from './pages/agents-page.tsx';
import { ApprovalsPage } from './pages/approvals-page.tsx';
import { ChangePage } from './pages/change-page.tsx';
import { ClientsPage } from './pages/clients-page.tsx';
import { DecisionPage } from './pages/decision-page.tsx';
import { DecisionsPage } from './pages/decisions-page.tsx';
import { OverviewPage } from './pages/overview-page.tsx';
import { PoliciesPage } from './pages/policies-page.tsx';
import { ReportPage } from './pages/report-page.tsx';
import { ServersPage } from './pages/servers-page.tsx';
import { UnknownPage } from './pages/unknown-page.tsx';
import { Shell } from './parts/shell.tsx';
import { address } from './state/route.ts';

/** The page that the address names. */
export function App(): JSX.Element {
  return (
    <Shell>
      <CurrentPage />
    </Shell>
  );
}

function CurrentPage(): JSX.Element {
  const [page = '', id] = address.value.path;
  if (page === 'decisions' && id !== undefined) return <DecisionPage key={id} id={id} />;
  const Current = PAGES.get(page);
  return Current === undefined ? <UnknownPage /> : <Current key={page} />;
}

const PAGES: ReadonlyMap<string, () => JSX.Element> = new Map([
  ['', OverviewPage],
  ['decisions', DecisionsPage],
  ['approvals', ApprovalsPage],
  ['report', ReportPage],
  ['policies', PoliciesPage],
  ['change', ChangePage],
  ['servers', ServersPage],
  ['clients', ClientsPage],
  ['agents', AgentsPage],
]);
