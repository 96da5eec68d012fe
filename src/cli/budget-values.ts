import { InvalidArgumentError } from 'commander';
import { MOST, PARTS } from '../core/charge.ts';

export type KeyValues = Readonly<Record<string, string>>;

/** One `fact=value` more. */
export function collectKey(text: string, before: KeyValues): KeyValues {
  const equals = text.indexOf('=');
  if (equals < 1) throw new InvalidArgumentError('Write a fact and its value, such as agent.id=claude.');
  return { ...before, [text.slice(0, equals)]: text.slice(equals + 1) };
}

/** A number with at most three decimals. */
export function parseChange(text: string): number {
  const number = Number(text);
  const isFine = /^-?\d+(\.\d{1,3})?$/.test(text) && Math.abs(number) <= MOST;
  if (!isFine) throw new InvalidArgumentError('Write a number with at most three decimals.');
  return Math.round(number * PARTS) / PARTS;
}

/** The same, from 0 on. */
export function parseTotal(text: string): number {
  const number = parseChange(text);
  if (number < 0) throw new InvalidArgumentError('What is used is 0 or more.');
  return number;
}
