import {
  type CallToolResult,
  inputRequired,
  type InputRequest,
  type InputRequiredResult,
  inputResponse,
  type McpServer,
  type ServerContext,
} from '@modelcontextprotocol/server';
import * as z from 'zod';
import { text } from './content.ts';
import { everyChoice, everyDefault, form, sampling, textFields } from './questions.ts';

interface Asking {
  readonly name: string;
  readonly description: string;
  /** Under which key the question is sent, and its answer comes back. */
  readonly key: string;
  readonly question: InputRequest;
}

const ASKING: readonly Asking[] = [
  {
    name: 'test_elicitation_sep1034_defaults',
    description: 'Offers defaults',
    key: 'fields',
    question: form('Change what is wrong.', everyDefault),
  },
  {
    name: 'test_elicitation_sep1330_enums',
    description: 'Offers choices',
    key: 'choices',
    question: form('Choose.', everyChoice),
  },
  {
    name: 'test_streaming_elicitation',
    description: 'Asks in mid-call',
    key: 'answer',
    question: form('Go on?', textFields('answer')),
  },
  {
    name: 'test_missing_capability',
    description: 'Cannot do without a model',
    key: 'needed',
    question: sampling('Are you there?'),
  },
  {
    name: 'test_input_required_result_elicitation',
    description: 'Asks for a name',
    key: 'user_name',
    question: form('Who are you?', textFields('name')),
  },
  {
    name: 'test_input_required_result_sampling',
    description: 'Asks a model',
    key: 'capital_question',
    question: sampling('What is the capital of France?'),
  },
  {
    name: 'test_input_required_result_list_roots',
    description: 'Asks for roots',
    key: 'client_roots',
    question: inputRequired.listRoots(),
  },
];

/**
 * Tools that ask one question and answer with what they were told. They are written once: a client of 2026-07-28
 * gets `input_required`, an older one is sent the same question as a request by the SDK.
 */
export function registerAskingTools(server: McpServer): void {
  server.registerTool(
    'test_sampling',
    { description: 'Asks the client’s model', inputSchema: z.object({ prompt: z.string() }) },
    ({ prompt }, ctx) => ask(ctx, 'completion', sampling(prompt)),
  );
  server.registerTool(
    'test_elicitation',
    { description: 'Asks the user who they are', inputSchema: z.object({ message: z.string() }) },
    ({ message }, ctx) => ask(ctx, 'person', form(message, textFields('username', 'email'))),
  );
  for (const { name, description, key, question } of ASKING) {
    server.registerTool(name, { description }, (ctx) => ask(ctx, key, question));
  }
}

function ask(ctx: ServerContext, key: string, question: InputRequest): CallToolResult | InputRequiredResult {
  const response = inputResponse(ctx.mcpReq.inputResponses, key);
  if (response.kind === 'missing') return inputRequired({ inputRequests: { [key]: question } });
  return text(`The client said: ${JSON.stringify(response)}`);
}
