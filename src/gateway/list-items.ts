import type { JsonObject } from '../core/json.ts';
import { RPC, type RpcAnswer } from '../core/rpc.ts';
import { type Page, pageOf } from './cursors.ts';
import type { Directory } from './directory.ts';
import type { Exposure } from './exposure.ts';
import type { Asked } from './govern.ts';
import type { Governing } from './governing.ts';
import type { ListRequest } from './port.ts';
import { traceOf } from './observing.ts';
import type { ListAction, Route } from './route.ts';
import { rule } from './rule.ts';

export interface ListParts extends Pick<Governing, 'court' | 'log'> {
  readonly directory: Directory;
  readonly exposure: Exposure;
}

interface ListKind {
  readonly action: ListAction;
  /** Member of the result that has the items. */
  readonly member: string;
  /** What one item is called in the record. */
  readonly item: string;
  readonly settled: (directory: Directory) => Promise<void>;
  readonly routes: (directory: Directory) => ReadonlyMap<string, Route>;
}

const KINDS: Readonly<Record<ListRequest['method'], ListKind>> = {
  'tools/list': {
    action: 'tool_list',
    member: 'tools',
    item: 'tool',
    settled: (directory) => directory.settled('tools'),
    routes: (directory) => directory.tools,
  },
  'prompts/list': {
    action: 'prompt_list',
    member: 'prompts',
    item: 'prompt',
    settled: (directory) => directory.settled('prompts'),
    routes: (directory) => directory.prompts,
  },
  'resources/list': {
    action: 'resource_list',
    member: 'resources',
    item: 'resource',
    settled: (directory) => directory.settled('resources'),
    routes: (directory) => directory.resources.resources,
  },
  'resources/templates/list': {
    action: 'resource_list',
    member: 'resourceTemplates',
    item: 'resource',
    settled: (directory) => directory.settled('templates'),
    routes: (directory) => directory.resources.templates,
  },
};

/**
 * The way of a list: the list decision of each item, from the same place that a request for it asks, and one record of
 * what was shown and what was not. A listing that cannot be recorded is not answered.
 */
export async function listItems(asked: Asked<ListRequest>, parts: ListParts): Promise<RpcAnswer> {
  const { request, caller } = asked;
  const { directory, exposure } = parts;
  const kind = KINDS[request.method];
  await kind.settled(directory);
  const withheld: JsonObject[] = [];
  const shadowed: JsonObject[] = [];
  const names = new Map<Route, string>();
  const isShown = (route: Route, name: string): boolean => {
    const visibility = exposure.visibilityOf(route, caller);
    if (visibility.kind === 'visible') {
      names.set(route, name);
      if (visibility.shadowed !== undefined) shadowed.push({ [kind.item]: name, rules: visibility.shadowed });
    } else if (visibility.kind === 'hidden') {
      withheld.push({ [kind.item]: name, why: visibility.internal, rules: visibility.rules });
    } else withheld.push({ [kind.item]: name, why: visibility.kind, rules: [] });
    return visibility.kind === 'visible';
  };
  const page = pageOf(kind.routes(directory), isShown, { list: request.method, cursor: request.cursor });
  if (page.kind === 'bad_cursor') return BAD_CURSOR;
  const shown = page.items.map((route) => names.get(route) ?? '');
  await keep(
    asked,
    { action: kind.action, input: { shown, withheld, ...(shadowed.length > 0 && { shadowed }) } },
    parts,
  );
  return { kind: 'result', result: resultOf(page, kind.member) };
}

const BAD_CURSOR: RpcAnswer = {
  kind: 'failure',
  error: { code: RPC.invalidParams, message: 'There is no such cursor. List again without one.' },
};

async function keep(
  asked: Asked<ListRequest>,
  { action, input }: { readonly action: ListAction; readonly input: JsonObject },
  { court, log }: ListParts,
): Promise<void> {
  const { caller, exchange, observation } = asked;
  const question = { caller, action, server: '', tool: '', own: [], input: undefined, traceId: traceOf(asked) };
  const { record } = rule({ ...question, dropped: exchange.dropped }, court());
  observation?.ruled();
  await log.append({ ...record, input });
  observation?.decided(record, false);
}

function resultOf({ items, nextCursor }: Extract<Page<Route>, { kind: 'page' }>, member: string): JsonObject {
  const definitions = items.map(({ definition }) => definition);
  return nextCursor === undefined ? { [member]: definitions } : { [member]: definitions, nextCursor };
}
