import { RPC } from '../core/rpc.ts';
import { brokenOffError } from './error-answer.ts';
import type { Caller, ResourceReadRequest } from './port.ts';
import { argumentsOf, denialBefore, type Target, unknownDenial } from './resolve.ts';
import type { ResourceRoute } from './route.ts';
import type { Way } from './steps.ts';
import {
  converse,
  findOrWait,
  type NotFound,
  passedOn,
  refuseByError,
  type WayParts,
  withDecisionAndUris,
} from './way-parts.ts';

/** `resources/read`. */
export function resourceWay(parts: WayParts): Way<ResourceReadRequest, ResourceRoute> {
  const { dialogue } = parts;
  return {
    action: 'resource_read',
    resolve: ({ request, caller }) => resolveResource(request.uri, caller, { method: 'resources/read', parts }),
    aboutOf: (_request, { about }) => about,
    send: (allowed) => {
      const { request } = allowed.asked;
      const params = { uri: allowed.target.route.uri, ...passedOn(request) };
      return converse(allowed, 'resources/read', { params, dialogue });
    },
    subjectOf: ({ uri }) => `the resource ${uri}`,
    refuse: ({ request, caller }, advice) => refuseByError(advice, resourceNotFound(request.uri, caller)),
    finish: ({ asked, target }, answer, object) => {
      const expose = (uri: string): string => exposedAs(uri, { asked: asked.request.uri, route: target.route, parts });
      return withDecisionAndUris(answer, object, expose);
    },
    breakOff: brokenOffError,
  };
}

export interface Resolving {
  readonly method: string;
  readonly parts: WayParts;
}

/** Whose resource a URI names and whether the caller may know of it; a resource is hidden with its template. */
export async function resolveResource(
  uri: string,
  caller: Caller,
  { method, parts }: Resolving,
): Promise<Target<ResourceRoute>> {
  const { directory } = parts;
  const found = await findOrWait(
    () => directory.resources.find(uri),
    async () => {
      await Promise.all([directory.settled('resources'), directory.settled('templates')]);
    },
  );
  if (found === undefined) return { kind: 'unknown', denial: unknownDenial('resource_list') };
  const { route, template } = found;
  const args = argumentsOf(route.server.id, `${method} ${route.uri}`, {});
  const denial = denialBefore(template === undefined ? [route] : [route, template], caller, parts);
  return denial === undefined
    ? { kind: 'found', route, args, isSchemaChecked: true }
    : { kind: 'refused', route, args, denial };
}

/** As each era says that a resource is not there (MCP 2025-11-25 and 2026-07-28, Resources, Error Handling). */
export function resourceNotFound(uri: string, { era }: Caller): NotFound {
  const code = era === 'stateless' ? RPC.invalidParams : RPC.resourceNotFound;
  return { code, message: 'Resource not found', data: { uri } };
}

/** A URI of the server as the client knows it; what the client has asked for stays as it has asked. */
export function exposedAs(
  uri: string,
  { asked, route, parts }: { readonly asked: string; readonly route: ResourceRoute; readonly parts: WayParts },
): string {
  return uri === route.uri ? asked : parts.directory.resources.expose(route.server.id, uri);
}
