import { ByteReader, ByteWriter } from './wasm-binary.ts';
import { NO_VALUE, OPCODE, skipOperands } from './wasm-code.ts';

export interface FunctionCode {
  /** The declarations of its locals, as they stand. */
  readonly locals: Uint8Array;
  readonly instructions: Uint8Array;
}

export interface FunctionChanges {
  /** Index of the global that counts this function's loops. */
  readonly counter: number;
  /** For functions compiled from Rego: which calls go to which function instead; their own calls count too. */
  readonly redirect: ReadonlyMap<number, number> | undefined;
}

export function readFunction(bytes: Uint8Array): FunctionCode {
  const reader = new ByteReader(bytes);
  for (let left = reader.unsigned(); left > 0; left -= 1) {
    reader.skipNumber();
    reader.byte();
  }
  return { locals: bytes.subarray(0, reader.position), instructions: bytes.subarray(reader.position) };
}

/** The function again, with a count at the head of every loop, and at the start of a rule. */
export function rewriteFunction(code: FunctionCode, changes: FunctionChanges): Uint8Array {
  const writer = new ByteWriter();
  writer.bytes(code.locals);
  const count = burnOne(changes.counter);
  if (changes.redirect !== undefined) writer.bytes(count);
  const reader = new ByteReader(code.instructions);
  let copied = 0;
  while (!reader.atEnd()) {
    const start = reader.position;
    const opcode = reader.byte();
    if (opcode === OPCODE.call && changes.redirect !== undefined) {
      const target = changes.redirect.get(reader.unsigned());
      if (target === undefined) continue;
      writer.bytes(code.instructions.subarray(copied, start));
      writer.byte(OPCODE.call);
      writer.unsigned(target);
      copied = reader.position;
      continue;
    }
    skipOperands(opcode, reader);
    if (opcode !== OPCODE.loop) continue;
    writer.bytes(code.instructions.subarray(copied, reader.position));
    writer.bytes(count);
    copied = reader.position;
  }
  writer.bytes(code.instructions.subarray(copied));
  return writer.take();
}

/** counter := counter - 1; trap when it falls below 0. */
function burnOne(counter: number): Uint8Array {
  const writer = new ByteWriter();
  writer.byte(OPCODE.globalGet);
  writer.unsigned(counter);
  writer.bytes([OPCODE.i32Const, 1, OPCODE.i32Subtract, OPCODE.globalSet]);
  writer.unsigned(counter);
  writer.byte(OPCODE.globalGet);
  writer.unsigned(counter);
  writer.bytes([OPCODE.i32Const, 0, OPCODE.i32LessSigned, OPCODE.if, NO_VALUE, OPCODE.unreachable, OPCODE.end]);
  return writer.take();
}
