import type { JSX } from 'preact';
import type { ApprovalsView } from '../../src/dashboard/api-connected.ts';
import { Icon } from '../parts/icon.tsx';
import { session } from '../state/session.ts';
import { hrefTo } from '../words/addresses.ts';
import { percent } from '../words/numbers.ts';

/** From so many answers on a habit can be told. */
const MANY = 20;

/** Whoever approves everything at once does not look any more: a rule would do it better. */
export function FatigueHint({ answering }: Pick<ApprovalsView, 'answering'>): JSX.Element | null {
  const own = answering.find(({ person }) => person === session.value?.person);
  if (own === undefined || own.count < MANY || own.approvedShare < 0.95) return null;
  return (
    <div class="note note--pending">
      <Icon name="warn" />
      <div>
        <strong>
          You approved {percent(own.approvedShare)} of your last {own.count} requests, half of them within{' '}
          {own.medianSeconds.toFixed(0)} seconds.
        </strong>
        <p>
          If they are all fine, a rule can allow them without asking, and what is left to you gets your full attention:{' '}
          <a href={hrefTo(['change'])}>change a policy</a>.
        </p>
      </div>
    </div>
  );
}
