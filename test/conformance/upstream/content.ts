import type { AudioContent, CallToolResult, EmbeddedResource, ImageContent } from '@modelcontextprotocol/server';

/** One red pixel, as PNG. */
const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==';

export const image: ImageContent = { type: 'image', data: PIXEL, mimeType: 'image/png' };

export const audio: AudioContent = { type: 'audio', data: silence(8).toString('base64'), mimeType: 'audio/wav' };

export function embedded(uri: string, mimeType: string, text: string): EmbeddedResource {
  return { type: 'resource', resource: { uri, mimeType, text } };
}

export function text(...lines: readonly string[]): CallToolResult {
  return { content: lines.map((line) => ({ type: 'text', text: line })) };
}

/** A WAV file of eight-bit silence: one channel, 8,000 samples a second. */
function silence(samples: number): Buffer {
  const header = Buffer.alloc(44);
  header.write('RIFF', 0);
  header.writeUInt32LE(36 + samples, 4);
  header.write('WAVEfmt ', 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(8000, 24);
  header.writeUInt32LE(8000, 28);
  header.writeUInt16LE(1, 32);
  header.writeUInt16LE(8, 34);
  header.write('data', 36);
  header.writeUInt32LE(samples, 40);
  return Buffer.concat([header, Buffer.alloc(samples, 0x80)]);
}
