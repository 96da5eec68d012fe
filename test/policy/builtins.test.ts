import { describe, expect, it } from 'vitest';
import { BuiltinFailure } from '../../src/policy/builtin.ts';
import { HOST_BUILTINS } from '../../src/policy/builtins.ts';
import type { Term } from '../../src/policy/term.ts';
import { parseTerm, regoText } from '../../src/policy/term-text.ts';

const NOW_NS = 1_767_268_800_000_000_000n;

/** Arguments and answer in Rego's words. */
function call(name: string, args: string): string {
  const list: Term = parseTerm(`[${args}]`);
  const items = typeof list === 'object' && list?.kind === 'array' ? list.items : [];
  const answer = HOST_BUILTINS.get(name)?.(items, { nowNs: NOW_NS });
  return answer === undefined ? 'undefined' : regoText(answer);
}

/** Each answer is what OPA 1.22.0's interpreter gives. */
const ANSWERS: readonly (readonly [string, string, string])[] = [
  ['crypto.sha256', '"abc"', '"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"'],
  ['crypto.hmac.sha256', '"a", "k"', '"78da91511e675587f5b9df78bedebaf5560da2abb88162ee875dcdf744951d9e"'],
  ['crypto.hmac.equal', '"abc", "abc"', 'true'],
  ['format_int', '18446744073709551617, 16', '"10000000000000001"'],
  ['format_int', '-15.9, 16', '"-f"'],
  ['json.unmarshal', '"{\\"a\\": 9007199254740993, \\"a\\": 1e2}"', '{"a": 1e2}'],
  ['json.patch', '{"a": [1, 2]}, [{"op": "add", "path": "/a/-", "value": 3}]', '{"a": [1, 2, 3]}'],
  ['json.patch', '{"a": {1, 2}}, [{"op": "remove", "path": ["a", 1]}]', '{"a": {2}}'],
  ['json.patch', '{"a": 1}, [{"op": "move", "from": "a", "path": "/b~1c"}]', '{"b/c": 1}'],
  ['object.subset', '{"a": {"b": [1, 2, 3]}}, {"a": {"b": [2, 3]}}', 'true'],
  ['object.subset', '[1, 1], {1, 2}', 'true'],
  ['object.subset', '{1, 2}, {3}', 'false'],
  ['regex.replace', '"foobar", "(?i)(O+)(?P<rest>.*)", "<${rest}-$1>"', '"f<bar-oo>"'],
  ['regex.replace', '"a\\nb", "(?m)^", "> "', '"> a\\n> b"'],
  ['semver.compare', '"v1.0.0-alpha.2", "1.0.0-alpha.10"', '-1'],
  ['semver.is_valid', '"1.02.3"', 'false'],
  ['semver.is_valid', '1', 'false'],
  ['sprintf', '"%v %s %d", [{"a": {1}}, true, 7.5]', '"{\\"a\\": {1}} true %!d(float64=7.5)"'],
  ['strings.any_prefix_match', '{"ab", "cd"}, ["x", "c"]', 'true'],
  ['strings.any_suffix_match', '"ab", "c"', 'false'],
  ['strings.count', '"aaaa", "aa"', '2'],
  ['time.now_ns', '', '1767268800000000000'],
  ['time.date', '[1767268800000000000, "Asia/Tokyo"]', '[2026, 1, 1]'],
  ['time.clock', '1767268801000000000', '[12, 0, 1]'],
  ['time.weekday', '[1767268800000000000, "Pacific/Auckland"]', '"Friday"'],
  ['time.add_date', '1767268800000000000, 0, 1, 31', '1772625600000000000'],
  ['time.diff', '1767268800000000000, [1756684800000000000, "UTC"]', '[0, 4, 0, 12, 0, 0]'],
  ['time.format', '[1767268800123000000, "America/New_York"]', '"2026-01-01T07:00:00.123-05:00"'],
  ['time.parse_ns', '"RFC1123Z", "Thu, 01 Jan 2026 13:00:00 +0100"', '1767268800000000000'],
  ['time.parse_rfc3339_ns', '"2026-01-01T12:00:00.5Z"', '1767268800500000000'],
  ['time.parse_duration_ns', '"1w1.5h"', '610200000000000'],
];

const FAILURES: readonly (readonly [string, string])[] = [
  ['crypto.sha256', '1'],
  ['format_int', '1, 3'],
  ['json.unmarshal', '"{1}"'],
  ['json.unmarshal', '"1e100000"'],
  ['json.patch', '{"a": 1}, [{"op": "test", "path": "/a", "value": 2}]'],
  ['json.patch', '{"a": [1]}, [{"op": "add", "path": "/a/01", "value": 2}]'],
  ['object.subset', '{"a": 1}, [1]'],
  ['regex.replace', '"a", "(", "b"'],
  ['regex.replace', '"a", "a{1001}", "b"'],
  ['regex.replace', '"a", "(a{40}){40}", "b"'],
  ['semver.compare', '"1.0", "1.0.0"'],
  ['sprintf', '"%d", 1'],
  ['strings.any_prefix_match', '[1], "a"'],
  ['time.date', '[1767268800000000000, "Nowhere/Land"]'],
  ['time.date', '[1767268800000000000, "america/new_york"]'],
  ['time.clock', '9223372036854775808'],
  ['time.parse_rfc3339_ns', '"2026-02-30T00:00:00Z"'],
  ['time.parse_rfc3339_ns', '"2262-04-11T23:47:16.854775808Z"'],
  ['time.parse_duration_ns', '"1 h"'],
  ['time.add_date', '0, 300, 0, 0'],
];

describe('a built-in function of ours', () => {
  it.each(ANSWERS)('answers as OPA does: %s(%s)', (name, args, answer) => {
    expect(call(name, args)).toBe(answer);
  });

  it.each(FAILURES)('fails where OPA does: %s(%s)', (name, args) => {
    expect(() => call(name, args)).toThrow(BuiltinFailure);
  });

  it.each([
    ['json.patch', '1, [{"op": "remove", "path": ""}]'],
    ['time.format', '[0, "Europe/Berlin", "15:04 MST"]'],
  ])('fails rather than answer nothing, or less than OPA knows: %s(%s)', (name, args) => {
    expect(() => call(name, args)).toThrow(BuiltinFailure);
  });

  it('cannot be held by an expression that is hard to match', () => {
    const text = 'a'.repeat(5_000);
    expect(call('regex.replace', `"${text}", "(a*)*b", "x"`)).toBe(`"${text}"`);
  });
});
