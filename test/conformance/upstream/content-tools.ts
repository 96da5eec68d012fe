import type { McpServer } from '@modelcontextprotocol/server';
import { audio, embedded, image, text } from './content.ts';

/** One tool for each kind of content, and one that fails. */
export function registerContentTools(server: McpServer): void {
  server.registerTool('test_simple_text', { description: 'Answers with one line of text' }, () =>
    text('One line of plain text.'),
  );
  server.registerTool('test_image_content', { description: 'Answers with an image' }, () => ({ content: [image] }));
  server.registerTool('test_audio_content', { description: 'Answers with a sound' }, () => ({ content: [audio] }));
  server.registerTool('test_embedded_resource', { description: 'Answers with a resource inside' }, () => ({
    content: [embedded('test://embedded-resource', 'text/plain', 'A resource that travels in the answer.')],
  }));
  server.registerTool('test_multiple_content_types', { description: 'Answers with text, image and resource' }, () => ({
    content: [
      ...text('Text, an image and a resource:').content,
      image,
      embedded('test://mixed-content-resource', 'application/json', '{"mixed":true,"parts":3}'),
    ],
  }));
  server.registerTool('test_error_handling', { description: 'Always fails' }, () => {
    throw new Error('This tool fails on purpose.');
  });
}
