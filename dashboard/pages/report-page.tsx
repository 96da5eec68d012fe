import type { JSX } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { ReportView } from '../../src/dashboard/api-report.ts';
import { Page } from '../parts/page.tsx';
import { Shown } from '../parts/shown.tsx';
import { nowMs } from '../state/clock.ts';
import { useLoad } from '../state/load.ts';
import { address } from '../state/route.ts';
import { localDay, utcTime } from '../words/times.ts';
import { timeOf } from '../words/search.ts';
import { ReportActs } from './report-acts.tsx';
import { ReportControls } from './report-controls.tsx';
import { ReportExceptions } from './report-exceptions.tsx';
import { ReportPeriod } from './report-period.tsx';
import { ReportSummary } from './report-summary.tsx';

const DAY_MS = 86_400_000;
/** While the log is checked, how often it is asked how far that is. */
const CHECKING_MS = 3000;

/** What happened in a time, control by control, to be printed or filed. */
export function ReportPage(): JSX.Element {
  const { query } = address.value;
  const from = query.get('from') ?? localDay(nowMs() - 30 * DAY_MS);
  const until = query.get('until') ?? localDay(nowMs());
  const parameters = useMemo(() => parametersOf(from, until), [from, until]);
  const [isChecking, setChecking] = useState(false);
  const loaded = useLoad<ReportView>(`report?${parameters}`, isChecking ? CHECKING_MS : undefined);
  const checks = loaded.view?.evidence.isChecking === true;
  useEffect(() => setChecking(checks), [checks]);
  return (
    <Page
      title="Report"
      about="For audits: what the rules did in a time, by the controls that they serve."
      actions={
        <>
          <a class="button" href={`api/report.csv?${parameters}`} download>
            CSV
          </a>
          <button type="button" class="main" onClick={() => print()}>
            Print …
          </button>
        </>
      }
    >
      <ReportPeriod from={from} until={until} />
      <Shown loaded={loaded}>{(view) => <Report view={view} />}</Shown>
    </Page>
  );
}

/** The last day counts whole. */
function parametersOf(from: string, until: string): string {
  const end = Date.parse(timeOf(until, 0) ?? '') + DAY_MS;
  const times = { from: timeOf(from, 0) ?? '', until: Number.isNaN(end) ? '' : new Date(end).toISOString() };
  return new URLSearchParams(times).toString();
}

function Report({ view }: { view: ReportView }): JSX.Element {
  return (
    <>
      <p class="printed-only">
        From {utcTime(view.from)} until {utcTime(view.until)}, as seen by mcp-gateway.
      </p>
      <ReportSummary view={view} />
      <ReportControls controls={view.controls} />
      <ReportExceptions exceptions={view.exceptions} />
      <ReportActs acts={view.acts} />
    </>
  );
}
