import { type ByteReader, malformed } from './wasm-binary.ts';

export const OPCODE = {
  unreachable: 0x00,
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  end: 0x0b,
  call: 0x10,
  localGet: 0x20,
  localSet: 0x21,
  localTee: 0x22,
  globalGet: 0x23,
  globalSet: 0x24,
  i32Load: 0x28,
  i32Load8: 0x2d,
  i32Const: 0x41,
  i32Eqz: 0x45,
  i32Eq: 0x46,
  i32Ne: 0x47,
  i32LessSigned: 0x48,
  i32GreaterSigned: 0x4a,
  i32GreaterUnsigned: 0x4b,
  i32Add: 0x6a,
  i32Subtract: 0x6b,
  i32And: 0x71,
  i32Or: 0x72,
  i32ShiftRight: 0x76,
  i32Multiply: 0x6c,
} as const;

/** The block type of a block without a value. */
export const NO_VALUE = 0x40;

/**
 * Passes over the operands of one instruction. Knows what LLVM emits for OPA's C and C++ code and what OPA's compiler
 * adds (WebAssembly 1.0, sign extension, saturating conversion, bulk memory); anything else is refused.
 */
export function skipOperands(opcode: number, reader: ByteReader): void {
  if (opcode >= 0x45 && opcode <= 0xc4) return;
  if (opcode >= 0x28 && opcode <= 0x3e) return skipNumbers(reader, 2);
  const skip = OPERANDS.get(opcode);
  if (skip === undefined) throw malformed(`the instruction 0x${opcode.toString(16)} is not known`);
  skip(reader);
}

const nothing = (): void => undefined;
const oneNumber = (reader: ByteReader): void => reader.skipNumber();

const OPERANDS: ReadonlyMap<number, (reader: ByteReader) => void> = new Map([
  ...[0x00, 0x01, 0x05, 0x0b, 0x0f, 0x1a, 0x1b].map((opcode) => [opcode, nothing] as const),
  // block, loop, if (their type), br, br_if, call, locals and globals, memory.size, memory.grow, constants.
  ...[0x02, 0x03, 0x04, 0x0c, 0x0d, 0x10, 0x20, 0x21, 0x22, 0x23, 0x24, 0x3f, 0x40, 0x41, 0x42].map(
    (opcode) => [opcode, oneNumber] as const,
  ),
  [0x0e, (reader) => skipNumbers(reader, reader.unsigned() + 1)],
  [0x11, (reader) => skipNumbers(reader, 2)],
  [0x43, (reader) => reader.skip(4)],
  [0x44, (reader) => reader.skip(8)],
  [0xfc, skipExtended],
]);

function skipExtended(reader: ByteReader): void {
  const operation = reader.unsigned();
  if (operation <= 7) return;
  // memory.init and memory.copy name two indices, data.drop and memory.fill one.
  if (operation === 8 || operation === 10) return skipNumbers(reader, 2);
  if (operation === 9 || operation === 11) return skipNumbers(reader, 1);
  throw malformed(`the instruction 0xfc ${operation} is not known`);
}

function skipNumbers(reader: ByteReader, count: number): void {
  for (let left = count; left > 0; left -= 1) reader.skipNumber();
}
