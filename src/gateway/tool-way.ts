import { isJsonObject, type JsonObject } from '../core/json.ts';
import type { OwnDenial } from '../core/record.ts';
import { cutText } from '../policy/author-text.ts';
import type { Allowed, Asked } from './govern.ts';
import type { JudgedCall } from './judge-answer.ts';
import type { ToolCallRequest } from './port.ts';
import { type Arguments, argumentsOf, denialBefore, type Target, unknownDenial } from './resolve.ts';
import type { Way } from './steps.ts';
import { failure, refusal } from './tool-answer.ts';
import type { ToolRoute } from './tool-route.ts';
import { converse, findOrWait, passedOn, type WayParts, withDecisionAndUris } from './way-parts.ts';

/** Whether arguments fit a tool's input schema. */
export interface ArgumentCheck {
  (route: ToolRoute, args: JsonObject): Promise<ArgumentFinding> | ArgumentFinding;
}

export type ArgumentFinding =
  | { readonly kind: 'valid' }
  | { readonly kind: 'unchecked' }
  | { readonly kind: 'invalid'; readonly problems: readonly { readonly pointer: string; readonly expected: string }[] };

export interface ToolWayParts extends WayParts {
  readonly check: ArgumentCheck;
  /** What of a tool of a pinned server is another at the caller's instance than was decided on. Never rejects. */
  readonly driftAt?: (route: ToolRoute, asked: Asked<ToolCallRequest>) => Promise<string | undefined>;
}

/** `tools/call`: its refusal is a result with `isError`, because only results reach the model. */
export function toolWay(parts: ToolWayParts): Way<ToolCallRequest, ToolRoute> {
  const { directory, dialogue } = parts;
  return {
    action: 'tool_call',
    resolve: (asked) => resolve(asked, parts),
    aboutOf: () => undefined,
    send: (allowed) => {
      const params = paramsFor(allowed.asked.request, allowed.target.route);
      return converse(allowed, 'tools/call', { params, dialogue, judged: judgedCall(allowed) });
    },
    judged: judgedCall,
    subjectOf: ({ name }) => `the tool ${name}`,
    refuse: (_asked, advice, target) => refusal(advice, hasOutputSchema(target)),
    finish: ({ target }, answer, object) =>
      withDecisionAndUris(answer, object, (uri) => directory.resources.expose(target.route.server.id, uri)),
    breakOff: failure,
    unknownTool: ({ name }) => name,
    schemaOf: ({ inputSchema }) => inputSchema,
  };
}

function judgedCall({ asked, target, ruling }: Allowed<ToolCallRequest, ToolRoute>): JudgedCall {
  const { route, args, isSchemaChecked } = target;
  const { outputSchema } = route.definition;
  return {
    caller: asked.caller,
    server: route.server,
    id: ruling.record.id,
    traceId: ruling.record.trace_id,
    tool: route.facts,
    args: args.value,
    hash: args.hash,
    isSchemaChecked,
    obligations: ruling.decision.obligations,
    inputSchema: route.inputSchema,
    outputSchema: isJsonObject(outputSchema) ? outputSchema : undefined,
    pin: route.pin,
    subject: cutText(`the tool ${asked.request.name}`, MAX_SUBJECT),
  };
}

const MAX_SUBJECT = 300;

async function resolve(asked: Asked<ToolCallRequest>, parts: ToolWayParts): Promise<Target<ToolRoute>> {
  const { request, caller } = asked;
  const { directory } = parts;
  const { name } = request;
  // No detour for what is there, which is nearly always so.
  const route =
    directory.tools.get(name) ??
    (await findOrWait(
      () => directory.tools.get(name),
      () => directory.settled('tools'),
    ));
  if (route === undefined) return { kind: 'unknown', denial: unknownDenial('tool_list') };
  const args = argumentsOf(route.server.id, route.tool, request.args);
  const { pins } = route.server;
  const before = denialBefore([route], caller, parts);
  const denial = before ?? (pins === undefined ? undefined : await quarantine(route, asked, parts));
  if (denial !== undefined) return { kind: 'refused', route, args, denial };
  return checked(route, args, parts);
}

/** What has changed since it was accepted is not used until somebody has seen the change. */
async function quarantine(
  route: ToolRoute,
  asked: Asked<ToolCallRequest>,
  { driftAt, directory }: ToolWayParts,
): Promise<OwnDenial | undefined> {
  const { server, tool, drift } = route;
  // It may be what was accepted again; then the next call finds it so.
  if (drift?.kind === 'quarantined' && server.pins?.drift === '') directory.reread(server.id);
  const why = drift?.kind === 'quarantined' ? drift.why : await driftAt?.(route, asked);
  if (why === undefined) return undefined;
  const params = { server: server.id, tool };
  return { reason: 'gateway.tool_quarantined', internal: `drift.${why}`, rules: [], params };
}

async function checked(route: ToolRoute, args: Arguments, { check }: ToolWayParts): Promise<Target<ToolRoute>> {
  const finding = await check(route, args.value);
  if (finding.kind !== 'invalid') return { kind: 'found', route, args, isSchemaChecked: finding.kind === 'valid' };
  const problems = finding.problems.map(({ pointer, expected }) => `${pointer || '/'} ${expected}`).join('; ');
  const denial: OwnDenial = { reason: 'gateway.invalid_arguments', internal: '', rules: [], params: { problems } };
  return { kind: 'refused', route, args, denial };
}

/** What is forwarded is the value that policy read, under the server's own name for the tool. */
function paramsFor(request: ToolCallRequest, route: ToolRoute): JsonObject {
  const { args, task } = request;
  const asTask = task === undefined ? {} : { task };
  return { name: route.tool, arguments: args, ...asTask, ...passedOn(request) };
}

function hasOutputSchema(target: Target<ToolRoute>): boolean {
  // A tool that is hidden answers as one that is not there, so its schema must not show.
  return target.kind === 'found' || (target.kind === 'refused' && target.denial.reason !== 'gateway.unknown_tool')
    ? target.route.hasOutputSchema
    : false;
}
