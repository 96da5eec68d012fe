import type { JSX } from 'preact';
import type { ReportView } from '../../src/dashboard/api-report.ts';
import { Figure } from '../parts/figure.tsx';
import { Icon } from '../parts/icon.tsx';
import { hrefTo, hrefToDecisions } from '../words/addresses.ts';
import { counted } from '../words/numbers.ts';

export function ReportSummary({ view }: { view: ReportView }): JSX.Element {
  const { total, effects, approvals, evidence, from, until } = view;
  const answered = approvals.approved + approvals.denied + approvals.expired;
  return (
    <>
      <div class="figures">
        <Figure
          name="Decisions"
          value={counted(total)}
          about="all recorded"
          href={hrefToDecisions({ since: from, until })}
        />
        <Figure
          name="Denied"
          value={counted(effects.deny)}
          about="nothing was sent"
          href={hrefToDecisions({ since: from, until, effect: 'deny' })}
          tone="deny"
        />
        <Figure
          name="Asked a person"
          value={counted(answered)}
          about={`${counted(approvals.approved)} approved, ${counted(approvals.denied)} denied, ${counted(approvals.expired)} ran out`}
          href={hrefTo(['approvals'], { status: 'approved' })}
          tone="pending"
        />
      </div>
      <Evidence evidence={evidence} />
    </>
  );
}

function Evidence({ evidence: { ok, isChecking = false, words } }: Pick<ReportView, 'evidence'>): JSX.Element {
  if (isChecking) {
    return (
      <div class="note note--pending" role="status">
        <Icon name="pending" />
        <div>
          <strong>The log is being checked.</strong> {words}
        </div>
      </div>
    );
  }
  return (
    <div class={ok ? 'note note--allow' : 'note note--deny'}>
      <Icon name={ok ? 'allow' : 'warn'} />
      <div>
        <strong>{ok ? 'The log is whole.' : 'The log is not whole.'}</strong> {words}
      </div>
    </div>
  );
}
