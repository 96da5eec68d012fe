import { type McpServer, ResourceTemplate } from '@modelcontextprotocol/server';
import { image } from './content.ts';

/** Fixed resources, a template, and subscriptions that are accepted. */
export function registerResources(server: McpServer): void {
  server.registerResource(
    'static-text',
    'test://static-text',
    { description: 'A text that never changes', mimeType: 'text/plain' },
    ({ href }) => ({ contents: [{ uri: href, mimeType: 'text/plain', text: 'A text that never changes.' }] }),
  );
  server.registerResource(
    'static-binary',
    'test://static-binary',
    { description: 'One pixel', mimeType: image.mimeType },
    ({ href }) => ({ contents: [{ uri: href, mimeType: image.mimeType, blob: image.data }] }),
  );
  server.registerResource(
    'watched-resource',
    'test://watched-resource',
    { description: 'A resource to subscribe to', mimeType: 'text/plain' },
    ({ href }) => ({ contents: [{ uri: href, mimeType: 'text/plain', text: 'Nothing has happened yet.' }] }),
  );
  server.registerResource(
    'template',
    new ResourceTemplate('test://template/{id}/data', {
      list: undefined,
      complete: { id: (value) => ['123', '456'].filter((id) => id.startsWith(value)) },
    }),
    { description: 'The data of one id', mimeType: 'application/json' },
    ({ href }, { id }) => ({
      contents: [{ uri: href, mimeType: 'application/json', text: JSON.stringify({ id, fromTemplate: true }) }],
    }),
  );
  acceptSubscriptions(server);
}

function acceptSubscriptions({ server }: McpServer): void {
  server.setRequestHandler('resources/subscribe', () => ({}));
  server.setRequestHandler('resources/unsubscribe', () => ({}));
}
