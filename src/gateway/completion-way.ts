import type { JsonObject } from '../core/json.ts';
import { RPC, type RpcAnswer } from '../core/rpc.ts';
import { withTraceContext } from '../core/trace-context.ts';
import { brokenOffError } from './error-answer.ts';
import type { Allowed, Asked } from './govern.ts';
import { relayTo } from './notices.ts';
import type { CompletionRequest } from './port.ts';
import { argumentsOf, denialBefore, type Target, unknownDenial } from './resolve.ts';
import type { Route } from './route.ts';
import type { Way } from './steps.ts';
import { withDecision } from './tool-answer.ts';
import { withoutQuestions } from './upstream-errors.ts';
import { findOrWait, passedOn, refuseByError, type WayParts } from './way-parts.ts';

/** `completion/complete`: what is proposed for an argument of a prompt or a part of a URI may tell of what is hidden. */
export function completionWay(parts: WayParts): Way<CompletionRequest, Route> {
  return {
    action: 'completion',
    resolve: (asked) => resolve(asked, parts),
    aboutOf: ({ ref }, route) => ({ ...route.about, ref: ownRef(ref, route) }),
    send: (allowed) => send(allowed, parts),
    subjectOf: ({ ref }) => `completions for ${nameIn(ref)}`,
    refuse: ({ request }, advice) =>
      refuseByError(advice, {
        code: RPC.invalidParams,
        message: 'There is nothing here that this ref refers to.',
        data: { ref: request.ref },
      }),
    finish: (_allowed, answer, object) => {
      const said = cannotComplete(answer) ? NOTHING_TO_PROPOSE : answer;
      return said.kind === 'failure' ? said : { kind: 'result', result: withDecision(said.result, object) };
    },
    breakOff: brokenOffError,
  };
}

async function resolve({ request, caller }: Asked<CompletionRequest>, parts: WayParts): Promise<Target<Route>> {
  const routes = await findReferred(request.ref, parts);
  const [route] = routes;
  const isPrompt = request.ref['type'] === 'ref/prompt';
  if (route === undefined)
    return { kind: 'unknown', denial: unknownDenial(isPrompt ? 'prompt_list' : 'resource_list') };
  const { argument, context } = request;
  const value = context === undefined ? { argument } : { argument, context };
  const args = argumentsOf(route.server.id, `completion/complete ${nameIn(ownRef(request.ref, route))}`, value);
  const denial = denialBefore(routes, caller, parts);
  return denial === undefined
    ? { kind: 'found', route, args, isSchemaChecked: false }
    : { kind: 'refused', route, args, denial };
}

/** What a ref means, and with a resource the template that it is known by; none where it means nothing. */
async function findReferred(ref: JsonObject, { directory }: WayParts): Promise<readonly Route[]> {
  const { type, name, uri } = ref;
  if (type === 'ref/prompt' && typeof name === 'string') {
    const route = await findOrWait(
      () => directory.prompts.get(name),
      () => directory.settled('prompts'),
    );
    return route === undefined ? [] : [route];
  }
  if (type !== 'ref/resource' || typeof uri !== 'string') return [];
  const found = await findOrWait(
    () => directory.resources.findReferred(uri),
    () => directory.settled('templates'),
  );
  if (found === undefined) return [];
  return found.template === undefined ? [found.route] : [found.route, found.template];
}

/** The ref under the server's own name. */
function ownRef(ref: JsonObject, { about }: Route): JsonObject {
  const { prompt, resource } = about ?? {};
  if (prompt !== undefined) return { ...ref, name: prompt };
  return resource === undefined ? ref : { ...ref, uri: resource };
}

function nameIn(ref: JsonObject): string {
  const { type, name, uri } = ref;
  const text = type === 'ref/prompt' ? name : uri;
  return typeof text === 'string' ? text : '';
}

async function send(
  { asked, target, trace }: Allowed<CompletionRequest, Route>,
  { instances }: WayParts,
): Promise<RpcAnswer> {
  const { request, caller, exchange } = asked;
  const { route, args } = target;
  const own = { ref: ownRef(request.ref, route), ...args.value, ...passedOn(request) };
  const params = withTraceContext(own, trace);
  const { signal, onProgress, logLevel } = exchange;
  const options = { signal, onProgress, logLevel, onNotification: relayTo(exchange) };
  const method = 'completion/complete';
  const answer = await instances.send({ server: route.server, caller, method, params, options });
  return withoutQuestions(answer, route.server.id, method);
}

/** The gateway speaks for all servers, so a client asks about each; one that cannot complete has nothing to propose. */
function cannotComplete(answer: RpcAnswer): boolean {
  return answer.kind === 'failure' && answer.error.code === RPC.methodNotFound;
}

const NOTHING_TO_PROPOSE: RpcAnswer = {
  kind: 'result',
  result: { completion: { values: [], total: 0, hasMore: false } },
};
