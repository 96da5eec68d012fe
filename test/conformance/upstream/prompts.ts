import {
  acceptedContent,
  completable,
  inputRequired,
  type McpServer,
  type PromptMessage,
} from '@modelcontextprotocol/server';
import * as z from 'zod';
import { embedded, image } from './content.ts';

const WORDS = ['alpha', 'beta', 'test', 'testing'];
const Context = z.object({ context: z.string() });

export function registerPrompts(server: McpServer): void {
  server.registerPrompt('test_simple_prompt', { description: 'Takes nothing' }, () => ({
    messages: [said('A prompt without arguments.')],
  }));
  server.registerPrompt(
    'test_prompt_with_arguments',
    {
      description: 'Takes two arguments',
      argsSchema: z.object({
        arg1: completable(z.string().describe('The first word'), (value) =>
          WORDS.filter((word) => word.startsWith(value)),
        ),
        arg2: z.string().describe('The second word'),
      }),
    },
    ({ arg1, arg2 }) => ({ messages: [said(`The words are ${arg1} and ${arg2}.`)] }),
  );
  server.registerPrompt(
    'test_prompt_with_embedded_resource',
    {
      description: 'Carries a resource',
      argsSchema: z.object({ resourceUri: z.string().describe('The URI of the resource to carry') }),
    },
    ({ resourceUri }) => ({
      messages: [
        { role: 'user', content: embedded(resourceUri, 'text/plain', 'What stands in the resource.') },
        said('Work with the resource above.'),
      ],
    }),
  );
  server.registerPrompt('test_prompt_with_image', { description: 'Carries an image' }, () => ({
    messages: [{ role: 'user', content: image }, said('Describe the image above.')],
  }));
  server.registerPrompt('test_input_required_result_prompt', { description: 'Asks before it answers' }, (ctx) => {
    const given = acceptedContent(ctx.mcpReq.inputResponses, 'user_context', Context);
    if (given) return { messages: [said(`Answer in this context: ${given.context}`)] };
    const question = inputRequired.elicit({
      message: 'In which context is the prompt used?',
      requestedSchema: Context,
    });
    return inputRequired({ inputRequests: { user_context: question } });
  });
}

function said(words: string): PromptMessage {
  return { role: 'user', content: { type: 'text', text: words } };
}
