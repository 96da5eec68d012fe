import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';

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

describe('what is kept', () => {
  const MINUTE = 60_000;

  test('is forgotten some minutes after it was delivered', () => {
    const streams = new EventStreams();
    const stream = streams.open();
    stream.connect(aResponse());
    streams.beat(MINUTE);
    stream.send('{}');
    stream.end();
    streams.beat(5 * MINUTE);
    expect(streams.find('0-0')).toBeDefined();
    streams.beat(7 * MINUTE);
    expect(streams.find('0-0')).toBeUndefined();
  });

  test('waits for a client that is away', () => {
    const streams = new EventStreams();
    const stream = streams.open();
    stream.send('{}');
    streams.beat(99 * MINUTE);
    expect(streams.keptAfter(stream, 0)).toHaveLength(1);
  });
});

function aResponse(): ServerResponse {
  return new ServerResponse(new IncomingMessage(new Socket()));
}
