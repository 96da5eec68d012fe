import { describe, expect, test } from 'vitest';

import { EventStreams } from '../../src/downstream/event-stream.ts';

describe('an ended stream', () => {
  test('can be resumed as long as something of it is kept', () => {
    const streams = new EventStreams();
    const stream = streams.open();
    stream.send('{}');
    stream.end();
    expect(streams.find('0-0')).toEqual({ stream, after: 0 });
    const other = streams.open();
    for (let count = 0; count < 256; count += 1) other.send('{}');
    expect(streams.find('0-0')).toBeUndefined();
    expect(streams.find('1-7')).toEqual({ stream: other, after: 7 });
  });

  test.each([
    ['nothing', ''],
    ['only what is too large to keep', 'x'.repeat(2 * 1024 * 1024)],
  ])('that sent %s is forgotten', (_name, text) => {
    const streams = new EventStreams();
    const stream = streams.open();
    if (text !== '') stream.send(text);
    stream.end();
    expect(streams.find('0-0')).toBeUndefined();
  });
});
