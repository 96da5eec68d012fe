import { storePlaceOf } from '../app/store-place.ts';
import { isRefusal } from '../core/change.ts';
import { GatewayError } from '../core/errors.ts';
import { type KnownLabel, listLabels } from '../state/labels.ts';
import { openConnection } from '../state/open-connection.ts';
import { storeClockOf } from '../state/postgres-clock.ts';
import { acting } from './acting.ts';
import { type ConfigOption, readConfig } from './config.ts';
import type { CommandContext } from './context.ts';
import { clock } from './server-sign-ins.ts';
import { printJson, printLine, printTable, visible } from './terminal.ts';

export interface LabelOptions extends ConfigOption {
  readonly conversation?: string;
  readonly json?: boolean;
}

export interface ClearOptions extends LabelOptions {
  readonly conversation: string;
  readonly reason: string;
}

/** A label as scripts get it; times are RFC 3339 in UTC. */
interface ShownLabel {
  readonly conversation: string;
  readonly label: string;
  /** Full name of the rule, or the server. */
  readonly source: string;
  readonly attached: string;
  readonly expires: string;
  /** Whose conversation it is; empty where that is not known any more. */
  readonly agent: string;
  readonly user: string;
  readonly client: string;
}

export async function list(context: CommandContext, options: LabelOptions): Promise<void> {
  const { terminal } = context;
  const labels = (await readAll(context, options)).map(shownLabel);
  if (options.json === true) return printJson(terminal, 'label-ls', { labels });
  return printTable(terminal, ['conversation', 'label', 'source', 'until', 'agent', 'user'], labels.map(rowOf));
}

/** Rejects with LABEL_NOT_FOUND where there is nothing to clear, and with USAGE without a reason. */
export async function clear(context: CommandContext, label: string, options: ClearOptions): Promise<void> {
  const { terminal } = context;
  const reason = options.reason.trim();
  if (reason === '') throw new GatewayError('USAGE', 'the reason is empty', { mend: 'Say why, for the record.' });
  const found = onlyConversation(
    (await readAll(context, options)).filter((known) => known.label === label),
    label,
  );
  const { conversation, sources } = found;
  const act = await acting(context, options, async ({ store, actOf }) => {
    const nowMs = store.clock.now();
    const before = { conversation, label, sources: sources.map(({ source, expires }) => ({ source, expires })) };
    const after = { conversation, label, sources: [] };
    const cleared = actOf({ verb: 'label.clear', subject: label, before, after, reason });
    const answer = await store.log.act(cleared, [{ kind: 'clear_label', label: { ...found, label, nowMs } }]);
    if (isRefusal(answer)) throw changedMeanwhile(label);
    return cleared.id;
  });
  if (options.json === true) return printJson(terminal, 'label-clear', { act, conversation, label });
  const named = [...new Set(sources.map(({ source }) => source))].join(', ');
  return printLine(terminal, visible(`Cleared ${label} from ${conversation}; it was attached by ${named}.`));
}

async function readAll(context: CommandContext, options: LabelOptions): Promise<readonly KnownLabel[]> {
  const { config } = readConfig(context, options);
  const connection = openConnection(storePlaceOf(config), { access: 'read' });
  try {
    const itsClock = await storeClockOf(connection, clock);
    return await listLabels(connection, { conversation: options.conversation ?? '', now: itsClock.now() });
  } finally {
    await connection.close();
  }
}

interface FoundLabel {
  readonly conversation: string;
  readonly sources: readonly { readonly source: string; readonly attachedMs: number; readonly expires: string }[];
}

function onlyConversation(labels: readonly KnownLabel[], label: string): FoundLabel {
  const [conversation, another] = new Set(labels.map((known) => known.conversation));
  if (conversation === undefined) {
    throw new GatewayError('LABEL_NOT_FOUND', `no such conversation has the label ${label} now`, {
      mend: '`mcp-gateway label ls` shows those that hold.',
    });
  }
  if (another !== undefined) {
    throw new GatewayError('LABEL_NOT_FOUND', `more than one conversation that begins so has the label ${label}`, {
      mend: `Give more of the id, such as ${conversation} or ${another}.`,
    });
  }
  const sources = labels.map(({ source, attachedMs, expiresMs }) => ({
    source,
    attachedMs,
    expires: timeOf(expiresMs),
  }));
  return { conversation, sources };
}

function changedMeanwhile(label: string): GatewayError {
  return new GatewayError('LABEL_NOT_FOUND', `the label ${label} has changed meanwhile, so it was left as it is`, {
    mend: 'Look at it with `mcp-gateway label ls`, and clear it again.',
  });
}

function shownLabel({ attachedMs, expiresMs, ...known }: KnownLabel): ShownLabel {
  const { conversation, label, source, agent, user, client } = known;
  const times = { attached: timeOf(attachedMs), expires: timeOf(expiresMs) };
  return { conversation, label, source, ...times, agent, user, client };
}

function rowOf({ conversation, label, source, expires, agent, user }: ShownLabel): readonly string[] {
  return [conversation, label, source, expires.slice(0, 19).replace('T', ' '), agent || '-', user || '-'];
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}
