import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { HostBuiltin } from './builtin.ts';
import { textOf } from './operands.ts';

export const CRYPTO_BUILTINS: readonly (readonly [string, HostBuiltin])[] = [
  ['crypto.sha256', (args) => createHash('sha256').update(textOf(args, 0)).digest('hex')],
  ['crypto.hmac.sha256', (args) => createHmac('sha256', textOf(args, 1)).update(textOf(args, 0)).digest('hex')],
  ['crypto.hmac.equal', (args) => isSame(Buffer.from(textOf(args, 0)), Buffer.from(textOf(args, 1)))],
];

function isSame(left: Buffer, right: Buffer): boolean {
  return left.length === right.length && timingSafeEqual(left, right);
}
