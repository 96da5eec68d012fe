import { InMemoryServerEventBus, type McpServer } from '@modelcontextprotocol/server';
import { text } from './content.ts';

/** What comes and goes while the upstream runs: one tool and one prompt, the same for all connections. */
export class Surface {
  /** Where each change is announced. */
  readonly bus = new InMemoryServerEventBus();
  #hasTool = false;
  #hasPrompt = false;

  /**
   * Registers what comes and goes, and the two tools that make it do so. The answer brings the server up to date again,
   * and tells its client where something has changed.
   */
  register(server: McpServer): () => void {
    server.registerTool('test_trigger_tool_change', { description: 'Adds or removes a tool' }, () => {
      this.#hasTool = !this.#hasTool;
      this.bus.publish({ kind: 'tools_list_changed' });
      return text('The list of tools has changed.');
    });
    server.registerTool('test_trigger_prompt_change', { description: 'Adds or removes a prompt' }, () => {
      this.#hasPrompt = !this.#hasPrompt;
      this.bus.publish({ kind: 'prompts_list_changed' });
      return text('The list of prompts has changed.');
    });
    const tool = server.registerTool('test_dynamic_tool', { description: 'Comes and goes' }, () => text('Here now.'));
    const prompt = server.registerPrompt('test_dynamic_prompt', { description: 'Comes and goes' }, () => ({
      messages: [{ role: 'user', content: { type: 'text', text: 'Here now.' } }],
    }));
    const update = (): void => {
      show(tool, this.#hasTool);
      show(prompt, this.#hasPrompt);
    };
    update();
    return update;
  }
}

/** Switching tells the client, so what is right already is left alone. */
function show(guest: { readonly enabled: boolean; enable(): void; disable(): void }, present: boolean): void {
  if (guest.enabled === present) return;
  if (present) guest.enable();
  else guest.disable();
}
