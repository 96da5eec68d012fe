import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { expect, test } from 'vitest';
import { parseRequestBytes } from '../../src/core/strict-json.ts';

interface SuiteFile {
  readonly name: string;
  readonly bytes: Buffer;
}

type Written =
  | { readonly name: string; readonly base64: string }
  | { readonly name: string; readonly repeat: string; readonly times: number; readonly then: string };

const FILES: readonly SuiteFile[] = suite();

test('G-14 of the 318 files of JSONTestSuite exactly those are taken that Node takes, less what is refused for a reason of our own', () => {
  expect(FILES.length).toBe(318);
  const stricter: Record<string, string[]> = {};
  const wrong: string[] = [];
  for (const { name, bytes } of FILES) {
    const node = nodeReads(bytes);
    const whole = parseRequestBytes(bytes);
    const inside = parseRequestBytes(Buffer.concat([Buffer.from('{"v":'), bytes, Buffer.from('}')]));
    const isOne = name.startsWith(node === NOTHING ? 'y_' : 'n_');
    const isTaken = whole.kind === 'ok' || inside.kind === 'ok';
    if (isOne || (node === NOTHING && isTaken)) wrong.push(name);
    if (node === NOTHING) continue;
    if (inside.kind === 'refused') (stricter[inside.reason] ??= []).push(name);
    else if (!isDeepStrictEqual(inside.value, { v: withoutNegativeZero(node) })) wrong.push(name);
  }
  expect(wrong).toEqual([]);
  expect(stricter).toEqual(OUR_OWN);
});

const OUR_OWN: Readonly<Record<string, readonly string[]>> = {
  duplicate_key: ['y_object_duplicated_key', 'y_object_duplicated_key_and_value'],
  lone_surrogate: [
    'i_object_key_lone_2nd_surrogate',
    'i_string_1st_surrogate_but_2nd_missing',
    'i_string_1st_valid_surrogate_2nd_invalid',
    'i_string_incomplete_surrogate_and_escape_valid',
    'i_string_incomplete_surrogate_pair',
    'i_string_incomplete_surrogates_escape_valid',
    'i_string_invalid_lonely_surrogate',
    'i_string_invalid_surrogate',
    'i_string_inverted_surrogates_U+1D11E',
    'i_string_lone_second_surrogate',
  ],
  nul_character: ['y_object_escaped_null_in_key', 'y_string_null_escape'],
  // All of them are beyond 2^53 − 1, `123e65` too.
  number_out_of_range: [
    'i_number_huge_exp',
    'i_number_neg_int_huge_exp',
    'i_number_pos_double_huge_exp',
    'i_number_real_neg_overflow',
    'i_number_real_pos_overflow',
    'i_number_too_big_neg_int',
    'i_number_too_big_pos_int',
    'i_number_very_big_negative_int',
    'y_number',
    'y_number_real_capital_e',
    'y_number_real_exponent',
    'y_number_real_fraction_exponent',
    'y_object_extreme_numbers',
  ],
  too_deep: ['i_structure_500_nested_arrays'],
};

const NOTHING = Symbol('nothing');

/** Node's strict set: UTF-8 that is whole, without a mark, and JSON. */
function nodeReads(bytes: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    return NOTHING;
  }
}

/** `-0` becomes `0` for policy and servers alike. */
function withoutNegativeZero(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

function suite(): readonly SuiteFile[] {
  const path = resolve('fixtures/json-test-suite/test_parsing.json');
  const { files } = JSON.parse(readFileSync(path, 'utf8')) as { readonly files: readonly Written[] };
  return files.map((file) => ({ name: file.name, bytes: bytesOf(file) }));
}

function bytesOf(file: Written): Buffer {
  if ('base64' in file) return Buffer.from(file.base64, 'base64');
  return Buffer.from(`${file.repeat.repeat(file.times)}${file.then}`);
}
