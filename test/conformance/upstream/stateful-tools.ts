import { randomBytes } from 'node:crypto';
import {
  acceptedContent,
  type CallToolResult,
  type ClientCapabilities,
  createRequestStateCodec,
  inputRequired,
  type InputRequests,
  type InputRequiredResult,
  inputResponse,
  type McpServer,
  type ServerContext,
} from '@modelcontextprotocol/server';
import * as z from 'zod';
import { capabilitiesOf } from './client.ts';
import { text } from './content.ts';
import { confirmation, form, sampling, textFields } from './questions.ts';

/** How far a call of several rounds has come, and what was learnt on the way. */
interface Round {
  readonly waitsFor: string;
  readonly name?: string;
}

/** State comes back from the client, so it is signed; what was changed is refused by the SDK with -32602. */
export const stateCodec = createRequestStateCodec<Round>({ key: randomBytes(32) });

const Name = z.object({ name: z.string() });
const Color = z.object({ color: z.string() });
const Confirmation = z.object({ ok: z.boolean() });

/** Tools whose questions carry state, or depend on what the client can do. */
export function registerStatefulTools(server: McpServer): void {
  for (const name of ['test_input_required_result_request_state', 'test_input_required_result_tampered_state']) {
    server.registerTool(name, { description: 'Asks for a yes and hands out state' }, confirmWithState);
  }
  server.registerTool(
    'test_input_required_result_multiple_inputs',
    { description: 'Asks three things at once' },
    askEverything,
  );
  server.registerTool('test_input_required_result_multi_round', { description: 'Asks twice in a row' }, askTwice);
  server.registerTool(
    'test_input_required_result_capabilities',
    { description: 'Asks only what the client can answer' },
    (ctx) => askWhatIsPossible(ctx, server),
  );
}

type Answer = Promise<CallToolResult | InputRequiredResult>;

async function confirmWithState(ctx: ServerContext): Answer {
  const given = acceptedContent(ctx.mcpReq.inputResponses, 'confirm', Confirmation);
  if (given && stateOf(ctx)?.waitsFor === 'confirm') return text('state-ok');
  return waitFor({ confirm: form('Do you agree?', confirmation) }, { waitsFor: 'confirm' });
}

async function askEverything(ctx: ServerContext): Answer {
  const questions = {
    user_name: form('Who are you?', textFields('name')),
    greeting: sampling('Write a greeting.'),
    client_roots: inputRequired.listRoots(),
  };
  const answers = Object.keys(questions).map((key) => inputResponse(ctx.mcpReq.inputResponses, key));
  if (stateOf(ctx)?.waitsFor !== 'everything' || answers.some(({ kind }) => kind === 'missing')) {
    return waitFor(questions, { waitsFor: 'everything' });
  }
  return text(...answers.map((answer) => JSON.stringify(answer)));
}

async function askTwice(ctx: ServerContext): Answer {
  const { waitsFor, name } = stateOf(ctx) ?? {};
  const first = waitsFor === 'step1' ? acceptedContent(ctx.mcpReq.inputResponses, 'step1', Name)?.name : name;
  if (first === undefined)
    return waitFor({ step1: form('First: who are you?', textFields('name')) }, { waitsFor: 'step1' });
  const second = waitsFor === 'step2' ? acceptedContent(ctx.mcpReq.inputResponses, 'step2', Color) : undefined;
  if (second) return text(`${first} likes ${second.color}.`);
  return waitFor({ step2: form('Second: which colour?', textFields('color')) }, { waitsFor: 'step2', name: first });
}

async function askWhatIsPossible(ctx: ServerContext, server: McpServer): Answer {
  const questions = possible(capabilitiesOf(ctx, server));
  const open = Object.keys(questions).filter((key) => inputResponse(ctx.mcpReq.inputResponses, key).kind === 'missing');
  if (open.length > 0) return inputRequired({ inputRequests: questions });
  return text('Nothing is left to ask.');
}

function possible({ elicitation, sampling: model, roots }: ClientCapabilities): InputRequests {
  return {
    ...(elicitation && { form: form('Who are you?', textFields('name')) }),
    ...(model && { model: sampling('Write a greeting.') }),
    ...(roots && { roots: inputRequired.listRoots() }),
  };
}

async function waitFor(inputRequests: InputRequests, round: Round): Answer {
  return inputRequired({ inputRequests, requestState: await stateCodec.mint(round) });
}

/** Verified before the tool is run, see `stateCodec`. */
function stateOf(ctx: ServerContext): Round | undefined {
  return ctx.mcpReq.requestState<Round>();
}
