import type { JSX } from 'preact';
import type { ApprovalsView } from '../../src/dashboard/api-connected.ts';
import { Choices } from '../parts/choices.tsx';
import { Page } from '../parts/page.tsx';
import { Shown } from '../parts/shown.tsx';
import { useLoad } from '../state/load.ts';
import { address } from '../state/route.ts';
import { hrefTo } from '../words/addresses.ts';
import { FatigueHint } from './approvals-fatigue.tsx';
import { Inbox } from './approvals-inbox.tsx';

const AGAIN_MS = 4000;
const STATES = {
  pending: 'Waiting',
  approved: 'Approved',
  denied: 'Denied',
  used: 'Used',
  expired: 'Expired',
} as const;

/** Calls that wait for a person. */
export function ApprovalsPage(): JSX.Element {
  const status = address.value.query.get('status') ?? 'pending';
  const loaded = useLoad<ApprovalsView>(`approvals?${new URLSearchParams({ status }).toString()}`, AGAIN_MS);
  const choices = Object.entries(STATES).map(([state, name]) => ({
    name,
    href: hrefTo(['approvals'], { status: state }),
    isCurrent: state === status,
  }));
  return (
    <Page
      title="Approvals"
      about="Calls that a rule lets through only when a person agrees. An approval counts for exactly this call, once."
      actions={<Choices label="State" choices={choices} />}
    >
      <Shown loaded={loaded}>
        {({ approvals, answering }) => (
          <>
            <FatigueHint answering={answering} />
            <Inbox key={status} approvals={approvals} isWaiting={status === 'pending'} again={loaded.again} />
          </>
        )}
      </Shown>
    </Page>
  );
}
