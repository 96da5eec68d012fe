import * as fc from 'fast-check';

/** One change of some bytes: what stood at a place is replaced. */
interface Edit {
  readonly at: number;
  readonly removed: number;
  readonly put: Uint8Array;
}

/** Texts with a few bytes changed, of which some are from `tokens`. */
export function mutatedBytes(bases: readonly (string | Buffer)[], tokens: readonly string[]): fc.Arbitrary<Buffer> {
  const piece = fc.oneof(
    fc.constantFrom(...tokens).map((token) => new Uint8Array(Buffer.from(token))),
    fc.uint8Array({ maxLength: 4 }),
  );
  const edit: fc.Arbitrary<Edit> = fc.record({ at: fc.nat(), removed: fc.nat({ max: 6 }), put: piece });
  const base = fc.constantFrom(...bases.map((text) => Buffer.from(text)));
  return fc.tuple(base, fc.array(edit, { maxLength: 6 })).map(([bytes, edits]) => edits.reduce(edited, bytes));
}

function edited(bytes: Buffer, { at, removed, put }: Edit): Buffer {
  const start = at % (bytes.length + 1);
  return Buffer.concat([bytes.subarray(0, start), put, bytes.subarray(start + removed)]);
}

/** The same bytes in pieces of any lengths. */
export function chunked(bytes: Buffer, lengths: readonly number[]): readonly Buffer[] {
  const chunks: Buffer[] = [];
  let at = 0;
  for (const length of lengths) {
    chunks.push(bytes.subarray(at, at + length));
    at += length;
  }
  return [...chunks, bytes.subarray(at)];
}
