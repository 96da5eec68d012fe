import type { JSX } from 'preact';
import { address } from '../state/route.ts';
import { session } from '../state/session.ts';
import { hrefTo } from '../words/addresses.ts';
import { Icon, type IconName } from './icon.tsx';

interface Entry {
  readonly page: string;
  readonly name: string;
  readonly icon: IconName;
}

const GROUPS: readonly { readonly title: string; readonly entries: readonly Entry[] }[] = [
  {
    title: 'What happens',
    entries: [
      { page: '', name: 'Overview', icon: 'overview' },
      { page: 'decisions', name: 'Decisions', icon: 'decisions' },
      { page: 'approvals', name: 'Approvals', icon: 'approvals' },
      { page: 'report', name: 'Report', icon: 'report' },
    ],
  },
  {
    title: 'The rules',
    entries: [
      { page: 'policies', name: 'Policies', icon: 'policies' },
      { page: 'change', name: 'Change', icon: 'change' },
    ],
  },
  {
    title: 'Who is connected',
    entries: [
      { page: 'servers', name: 'Servers', icon: 'servers' },
      { page: 'clients', name: 'Clients', icon: 'clients' },
      { page: 'agents', name: 'Agents', icon: 'agents' },
    ],
  },
];

export function Navigation(): JSX.Element {
  const [page = ''] = address.value.path;
  return (
    <nav aria-label="Pages" class="navigation">
      {GROUPS.map(({ title, entries }) => (
        <div key={title}>
          <p class="navigation-title">{title}</p>
          <ul>
            {entries.map((entry) => (
              <li key={entry.page}>
                <a href={hrefTo([entry.page])} aria-current={entry.page === page ? 'page' : undefined}>
                  <Icon name={entry.icon} />
                  {entry.name}
                  {entry.page === 'approvals' && <Waiting />}
                </a>
              </li>
            ))}
          </ul>
        </div>
      ))}
    </nav>
  );
}

function Waiting(): JSX.Element | null {
  const count = session.value?.waiting ?? 0;
  if (count === 0) return null;
  return (
    <span class="count">
      {count}
      <span class="unseen"> waiting</span>
    </span>
  );
}
