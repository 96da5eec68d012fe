import type { AppOptions } from './options.ts';
import type { DecisionRecord } from '../core/record.ts';
import { messageOf } from '../core/errors.ts';

/** Told of a call that nobody can be asked about in its client. Throws nothing and waits for nothing. */
export type Announce = (record: DecisionRecord) => void;

export type NoticeOptions = Pick<AppOptions, 'config' | 'host' | 'clock' | 'logger' | 'login' | 'isAtDesktop'>;

/** One for each approval, and no more than one in this time: an agent may try many calls. */
const QUIET_MS = 20_000;
const MOST_REMEMBERED = 1000;

/**
 * Shows on the desktop that a call waits for the person in front of it; undefined where `approvals.notify` or the way it is
 * served says that nobody is. What runs the notification is loaded when the first one is shown.
 */
export function approvalNotices(options: NoticeOptions): Announce | undefined {
  const { config, clock } = options;
  const { notify } = config.approvals;
  if (notify === 'never' || (notify === 'auto' && options.isAtDesktop !== true)) return undefined;
  const told = new Set<string>();
  let lastMs: number | undefined;
  let missed = 0;
  return (record) => {
    const open = record.combine.approvals.find(({ by, status }) => status === 'open' && isMine(by, options));
    if (open === undefined) return;
    const key = `${open.id ?? record.id} ${open.by}`;
    if (told.has(key)) return;
    if (told.size >= MOST_REMEMBERED) told.clear();
    told.add(key);
    const nowMs = clock.monotonic();
    if (lastMs !== undefined && nowMs - lastMs < QUIET_MS) {
      missed += 1;
      return;
    }
    lastMs = nowMs;
    void show(textOf(record, open.id ?? record.id, missed), options);
    missed = 0;
  };
}

/** Whoever sits here may answer for themselves, and for the groups that they are in. */
function isMine(by: string, { config, login }: NoticeOptions): boolean {
  const [, group] = /^group:(.*)$/.exec(by) ?? [];
  return group === undefined || (config.approvals.groups[group] ?? []).includes(login);
}

/** What and for whom; no argument, and nothing that a server or a bundle has written but the name of a tool. */
function textOf({ server, tool, action, principal }: DecisionRecord, id: string, missed: number): string {
  const what = tool === '' ? `${server}, ${action}` : `${server}, ${tool}`;
  const more = missed === 0 ? '' : ` ${String(missed)} more wait.`;
  return `${short(what)} for ${short(principal.agent.id)}.${more} Look at it with: mcp-gateway approval show ${id.slice(0, SHORT_ID)}`;
}

const SHORT_ID = 18;
const MOST_SHORT = 60;

function short(text: string): string {
  return text.length <= MOST_SHORT ? text : `${text.slice(0, MOST_SHORT - 1)}…`;
}

async function show(text: string, { host, logger }: NoticeOptions): Promise<void> {
  try {
    const { showNotice } = await import('./desktop-notice.ts');
    await showNotice(host, { title: 'A call waits for approval', text });
  } catch (thrown) {
    logger.debug('a notification could not be shown', { problem: messageOf(thrown) });
  }
}
