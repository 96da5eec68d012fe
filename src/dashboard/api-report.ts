import type { Effect } from '../core/decision.ts';

/** `GET /api/report?from&until`; `GET /api/report.csv?…` gives the same as a file. */
export interface ReportView {
  readonly from: string;
  readonly until: string;
  readonly total: number;
  readonly effects: Readonly<Record<Effect, number>>;
  readonly controls: readonly ControlRow[];
  /** Permits that lifted a denial in that time. */
  readonly exceptions: readonly {
    readonly rule: string;
    readonly lifts: readonly string[];
    readonly requestedBy: string;
    readonly approvedBy: string;
    readonly justification: string;
    readonly used: number;
  }[];
  /** What was changed in that time, and by whom. */
  readonly acts: readonly {
    readonly time: string;
    readonly actor: string;
    readonly verb: string;
    readonly subject: string;
    readonly reason: string;
  }[];
  readonly approvals: { readonly approved: number; readonly denied: number; readonly expired: number };
  /** Whether the log is whole, in one sentence, with how far it was checked; while `isChecking`, nothing is known yet. */
  readonly evidence: { readonly ok: boolean; readonly isChecking?: boolean; readonly words: string };
}

export interface ControlRow {
  readonly control: string;
  readonly rules: readonly {
    readonly rule: string;
    readonly title: string;
    readonly fired: number;
    readonly lifted: number;
  }[];
  readonly fired: number;
}
