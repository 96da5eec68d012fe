import { GatewayError } from '../core/errors.ts';
import type { Observer } from '../core/observer.ts';
import { RPC, type RpcAnswer } from '../core/rpc.ts';
import { brokenOffError } from './error-answer.ts';
import { type Allowed, type Asked, govern } from './govern.ts';
import { observed } from './observing.ts';
import { offersTo } from './offers.ts';
import type { Caller, Watch, WatchRequest } from './port.ts';
import { exposedAs, resolveResource, resourceNotFound } from './resource-way.ts';
import type { ResourceRoute } from './route.ts';
import { stepsOf, type Way } from './steps.ts';
import { withoutQuestions } from './upstream-errors.ts';
import { refuseByError, type WayParts } from './way-parts.ts';

/** Watching a resource, as `resources/subscribe` and `subscriptions/listen` ask for it. */
export async function watchResource(asked: Asked<WatchRequest>, parts: WayParts): Promise<Watch> {
  const started: { stop?: () => Promise<void> } = {};
  const answer = await govern(
    asked,
    stepsOf(
      watchWay(parts, (stop) => (started.stop = stop)),
      parts,
    ),
  );
  if (answer.kind === 'failure') return { kind: 'refused', error: answer.error };
  const { stop } = started;
  return stop === undefined ? NOT_WATCHED : { kind: 'watching', stop };
}

/** As `watchResource`, while somebody watches. */
export async function watchObserved(asked: Asked<WatchRequest>, observer: Observer, parts: WayParts): Promise<Watch> {
  const { request, caller, exchange } = asked;
  const watching: { watch?: Watch } = {};
  const watched = { method: 'resources/subscribe', caller, origin: exchange.origin, meta: request.meta };
  await observed(watched, observer, async (observation) => {
    const watch = await watchResource({ ...asked, observation }, parts);
    watching.watch = watch;
    return watch.kind === 'watching' ? WATCHING : { kind: 'failure', error: watch.error };
  });
  return watching.watch ?? NOT_WATCHED;
}

function watchWay(parts: WayParts, onStarted: (stop: () => Promise<void>) => void): Way<WatchRequest, ResourceRoute> {
  return {
    action: 'subscribe',
    resolve: ({ request, caller }) => resolveResource(request.uri, caller, { method: 'resources/subscribe', parts }),
    aboutOf: (_request, { about }) => about,
    send: (allowed) => begin(allowed, parts, onStarted),
    subjectOf: ({ uri }) => `watching the resource ${uri}`,
    refuse: ({ request, caller }, advice) => refuseByError(advice, resourceNotFound(request.uri, caller)),
    finish: (_allowed, answer) => answer,
    breakOff: brokenOffError,
  };
}

async function begin(
  { asked, target }: Allowed<WatchRequest, ResourceRoute>,
  parts: WayParts,
  onStarted: (stop: () => Promise<void>) => void,
): Promise<RpcAnswer> {
  const { request, caller, exchange } = asked;
  const { route } = target;
  const onUpdated: WatchRequest['onUpdated'] = (params) => {
    const { uri } = params;
    if (typeof uri !== 'string') return request.onUpdated(params);
    const shown = exposedAs(uri, { asked: request.uri, route, parts });
    return isHidden(shown, caller, parts) ? undefined : request.onUpdated({ ...params, uri: shown });
  };
  // Its session may be over, and what joins an instance now is never told so.
  if (exchange.signal.aborted) throw new GatewayError('CANCELLED', 'The client does not watch any more.');
  const upstream = parts.instances.acquire(route.server, caller);
  const offers = offersTo(route.server, caller);
  const watching = await upstream.watch(route.uri, onUpdated, { signal: exchange.signal, offers });
  if (watching.kind === 'refused') {
    return withoutQuestions({ kind: 'failure', error: watching.error }, route.server.id, 'resources/subscribe');
  }
  onStarted(watching.stop);
  return WATCHING;
}

/** What has changed may lie below what is watched, and another policy may be in force than when that was allowed. */
function isHidden(uri: string, caller: Caller, { directory, exposure }: WayParts): boolean {
  const found = directory.resources.find(uri);
  const routes = found === undefined ? [] : [found.route, ...(found.template === undefined ? [] : [found.template])];
  return routes.some((route) => exposure.visibilityOf(route, caller).kind === 'hidden');
}

const NOT_WATCHED: Watch = {
  kind: 'refused',
  error: { code: RPC.internalError, message: 'The resource is not being watched.' },
};

const WATCHING: RpcAnswer = { kind: 'result', result: {} };
