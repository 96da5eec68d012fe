import { describe, expect, it } from 'vitest';
import { sprintf } from '../../src/policy/go-format.ts';
import type { FormatArgument } from '../../src/policy/go-format-values.ts';

const text = (value: string): FormatArgument => ({ kind: 'text', value });
const int = (value: bigint): FormatArgument => ({ kind: 'int', value });
const big = (value: bigint): FormatArgument => ({ kind: 'bigInt', value });
const float = (value: number): FormatArgument => ({ kind: 'float', value });

/** Each row was printed by Go 1.26's fmt.Sprintf. */
const ROWS: readonly (readonly [string, readonly FormatArgument[], string])[] = [
  ['%s is %d', [text('x'), int(7n)], 'x is 7'],
  [
    '%5d|%-5d|%05d|%+d|% d|%x|%#X|%o|%O|%b',
    Array.from({ length: 10 }, () => int(42n)),
    '   42|42   |00042|+42| 42|2a|0X2A|52|0o52|101010',
  ],
  ['%c %q %U %#U', Array.from({ length: 4 }, () => int(9786n)), "☺ '☺' U+263A U+263A '☺'"],
  ['%v %v %v', [float(1e6), float(123456.7), float(1e-7)], '1e+06 123456.7 1e-07'],
  ['%.0f %.0f %.0f %.1f', [float(0.5), float(1.5), float(2.5), float(0.25)], '0 2 2 0.2'],
  ['%e %E %g %G', [float(1234.5678), float(0), float(1e21), float(1e-9)], '1.234568e+03 0.000000E+00 1e+21 1E-09'],
  [
    '%8.3f|%-8.2f|%08.2f|%+.1e',
    [float(3.14159), float(2.5), float(-2.5), float(12345)],
    '   3.142|2.50    |-0002.50|+1.2e+04',
  ],
  ['%x %.3x %b', [float(1.5), float(0.1), float(1)], '0x1.8p+00 0x1.99ap-04 4503599627370496p-52'],
  ['%#g %#.3g %#v', [float(1), float(2), float(3)], '1.00000 2.00 3'],
  [
    '%q %#q %+q %x %X % x',
    [text('a"b'), text('a"b'), text('é'), text('hi'), text('hi'), text('hi')],
    '"a\\"b" `a"b` "\\u00e9" 6869 6869 68 69',
  ],
  ['%5s|%-5s|%.2s|%05s', [text('ab'), text('ab'), text('日本語'), text('ab')], '   ab|ab   |日本|000ab'],
  [
    '%d %s %v',
    [big(2n ** 64n), big(-(2n ** 64n)), big(2n ** 64n)],
    '18446744073709551616 -18446744073709551616 18446744073709551616',
  ],
  [
    '%#x|%25d|%-25d|',
    [big(2n ** 64n), big(2n ** 64n), big(2n ** 64n)],
    '0x10000000000000000|     18446744073709551616|18446744073709551616     |',
  ],
  ['%[2]s %[1]s %s', [text('a'), text('b')], 'b a b'],
  ['%[3]*.[2]*[1]f', [float(12), int(2n), int(6n)], ' 12.00'],
  ['%*d', [int(5n), int(1n)], '    1'],
  ['%d', [text('x')], '%!d(string=x)'],
  ['%t %z', [text('true'), int(1n)], '%!t(string=true) %!z(int64=1)'],
  ['%s', [], '%!s(MISSING)'],
  ['%s', [text('a'), int(1n), float(2.5)], 'a%!(EXTRA int64=1, float64=2.5)'],
  ['%[9]s', [text('a')], '%!s(BADINDEX)'],
  ['%!', [], '%!!(MISSING)'],
  ['%', [], '%!(NOVERB)'],
  ['%.*d', [int(-1n), int(3n)], '%!(BADPREC)3'],
  ['%T %T %T %T', [text(''), int(1n), float(1), big(2n ** 64n)], 'string int64 float64 *big.Int'],
  ['100%%', [], '100%'],
];

describe('sprintf', () => {
  it.each(ROWS)('writes %s as Go does', (format, args, expected) => {
    expect(sprintf(format, args)).toBe(expected);
  });
});
