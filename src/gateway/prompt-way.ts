import type { JsonObject } from '../core/json.ts';
import { RPC } from '../core/rpc.ts';
import { brokenOffError } from './error-answer.ts';
import type { Asked } from './govern.ts';
import type { PromptGetRequest } from './port.ts';
import { argumentsOf, denialBefore, type Target, unknownDenial } from './resolve.ts';
import type { PromptRoute } from './route.ts';
import type { Way } from './steps.ts';
import { converse, findOrWait, passedOn, refuseByError, type WayParts, withDecisionAndUris } from './way-parts.ts';

/** `prompts/get`. */
export function promptWay(parts: WayParts): Way<PromptGetRequest, PromptRoute> {
  const { directory, dialogue } = parts;
  return {
    action: 'prompt_get',
    resolve: (asked) => resolve(asked, parts),
    aboutOf: (_request, { about }) => about,
    send: (allowed) => {
      const { request } = allowed.asked;
      const params = { name: allowed.target.route.prompt, arguments: request.args, ...passedOn(request) };
      return converse(allowed, 'prompts/get', { params, dialogue });
    },
    subjectOf: ({ name }) => `the prompt ${name}`,
    refuse: ({ request }, advice) =>
      refuseByError(advice, {
        code: RPC.invalidParams,
        message: 'There is no such prompt.',
        data: { name: request.name },
      }),
    finish: ({ target }, answer, object) =>
      withDecisionAndUris(answer, object, (uri) => directory.resources.expose(target.route.server.id, uri)),
    breakOff: brokenOffError,
  };
}

async function resolve({ request, caller }: Asked<PromptGetRequest>, parts: WayParts): Promise<Target<PromptRoute>> {
  const { directory } = parts;
  const route = await findOrWait(
    () => directory.prompts.get(request.name),
    () => directory.settled('prompts'),
  );
  if (route === undefined) return { kind: 'unknown', denial: unknownDenial('prompt_list') };
  const args = argumentsOf(route.server.id, `prompts/get ${route.prompt}`, request.args);
  const problems = misfitsOf(request.args);
  const denial =
    denialBefore([route], caller, parts) ??
    (problems === ''
      ? undefined
      : { reason: 'gateway.invalid_arguments', internal: '', rules: [], params: { problems } });
  return denial === undefined
    ? { kind: 'found', route, args, isSchemaChecked: true }
    : { kind: 'refused', route, args, denial };
}

/** The arguments of a prompt are texts (MCP 2025-11-25, prompts/get). */
function misfitsOf(args: JsonObject): string {
  return Object.entries(args)
    .filter(([, value]) => typeof value !== 'string')
    .map(([name]) => `/${name} a text`)
    .join('; ');
}
