import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, test } from 'vitest';

import { Bodies, type ReadBody } from '../../src/downstream/bodies.ts';
import { QUIET } from './fake-gateway.ts';

describe('G-30 bodies that come slowly', () => {
  const KIND = { slow: 'x'.repeat(1000), pieces: 'x', small: 'x'.repeat(100) };

  /** Begins a body in so many pieces; what it gives ends it. */
  function begin(bodies: Bodies, piece: string, pieces: number): () => Promise<ReadBody['kind']> {
    const request = new IncomingMessage(new Socket());
    const read = new Promise<ReadBody['kind']>((settle) => {
      bodies.read({ request, response: new ServerResponse(request) }, ({ kind }) => settle(kind));
    });
    for (let count = 0; count < pieces; count += 1) request.emit('data', Buffer.from(piece));
    return () => {
      request.emit('end');
      return read;
    };
  }

  test('keep out large ones, and never a small one; what has ended makes room', async () => {
    const bodies = new Bodies(20_000, QUIET);
    const slow = Array.from({ length: 60 }, () => begin(bodies, KIND.slow, 10));
    expect(await begin(bodies, KIND.slow, 15)()).toBe('no_room');
    expect(await begin(bodies, KIND.small, 3)()).toBe('whole');
    for (const end of slow) await end();
    expect(await begin(bodies, KIND.slow, 15)()).toBe('whole');
  });

  test('are counted with what each of their pieces takes', async () => {
    const bodies = new Bodies(20_000, QUIET);
    expect(await begin(bodies, KIND.pieces, 15_000)()).toBe('no_room');
  });
});
