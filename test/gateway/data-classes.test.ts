import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { boundedPattern } from '../../src/core/bounded-pattern.ts';
import { countCardNumbers, isCardNumber } from '../../src/gateway/card-numbers.ts';
import { createClassifier, type DataClass } from '../../src/gateway/data-classes.ts';
import { countIbans, isIban } from '../../src/gateway/ibans.ts';

const plain = createClassifier([]);
const found = (text: string) => plain.inResult({ content: [{ type: 'text', text }] });

describe('card numbers', () => {
  // Numbers that the networks publish for tests.
  test.for([
    '4111111111111111',
    '4111 1111 1111 1111',
    '4111-1111-1111-1111',
    '5555555555554444',
    '2223003122003222',
    '378282246310005',
    '3782 822463 10005',
    '30569309025904',
    '6011111111111117',
    '3530111333300000',
    'card:4111111111111111;',
    '(4111111111111111)',
    '"4111111111111111"',
  ])('%s is one', (text) => {
    expect(countCardNumbers(`before ${text} after`)).toBe(1);
  });

  test.for([
    '4111111111111112',
    '1234567890123456',
    '0000000000000000',
    '41111111111111111',
    '4111 1111 11111111',
    '4111-1111 1111-1111',
    '4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1',
    '4111111111111111.5',
    'x4111111111111111',
    '84111111111111111',
    '1768384800000',
    '411-1111111111111',
  ])('%s is none', (text) => {
    expect(countCardNumbers(`before ${text} after`)).toBe(0);
  });

  test('one that stands in structured content as a number is found, too', () => {
    expect(plain.inResult({ structuredContent: { card: 4111111111111111 } })).toEqual({ card_number: 1 });
  });

  test('property: of numbers that differ in the last digit alone, exactly one is a card', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^4[0-9]{14}$/), (digits) => {
        const cards = '0123456789'.split('').filter((last) => isCardNumber(digits + last));
        expect(cards).toHaveLength(1);
        for (const last of '0123456789')
          expect(countCardNumbers(`n ${digits}${last} n`)).toBe(cards.includes(last) ? 1 : 0);
      }),
    );
  });

  test('property: plain whole numbers of a length or beginning that no card has are none', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^([0-9]{1,11}|[01789][0-9]{12,18}|[0-9]{20,40})$/), (digits) => {
        expect(found(`id ${digits}.`)).toEqual({});
      }),
    );
  });
});

describe('account numbers', () => {
  test.for([
    'DE89370400440532013000',
    'DE89 3704 0044 0532 0130 00',
    'GB82WEST12345698765432',
    'FR14 2004 1010 0505 0001 3M02 606',
    'NO9386011117947',
    'MT84MALT011000012345MTLCAST001S',
  ])('%s is one', (text) => {
    expect(countIbans(`IBAN: ${text}, please`)).toBe(1);
  });

  test.for([
    'DE89370400440532013001',
    'DE8937040044053201300',
    'DE893704004405320130000',
    'XX89370400440532013000',
    'de89370400440532013000',
    'DE89 370400440532013000',
    'XDE89370400440532013000',
  ])('%s is none', (text) => {
    expect(countIbans(`IBAN: ${text}, please`)).toBe(0);
  });

  test('what follows in groups of four does not hide one', () => {
    expect(countIbans('DE89 3704 0044 0532 0130 00 SENT NOON')).toBe(1);
  });

  test('property: exactly one pair of check digits from 02 to 98 fits', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[0-9]{18}$/), (account) => {
        const pairs = Array.from({ length: 97 }, (_, index) => String(index + 2).padStart(2, '0'));
        expect(pairs.filter((pair) => isIban(`DE${pair}${account}`))).toHaveLength(1);
      }),
    );
  });
});

describe('secrets and addresses', () => {
  test.for([
    `ghp_${'a1B2'.repeat(9)}`,
    'AKIAIOSFODNN7EXAMPLE',
    `sk_live_${'a1B2'.repeat(6)}`,
    `AIza${'a1B2c'.repeat(7)}`,
    'xoxb-123456789012-abcdef',
    'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl',
    '-----BEGIN RSA PRIVATE KEY-----\nMIIE',
  ])('%s is a secret', (text) => {
    expect(found(`key ${text} end`)).toEqual({ secret: 1 });
  });

  test('they are counted, in names of members too', () => {
    const result = { structuredContent: { 'ada@example.com': 1, list: ['bob@example.org, eve@mail.example.net'] } };
    expect(plain.inResult(result)).toEqual({ email: 3 });
  });

  test.for(['a@b', '@example.com', 'a@@example.com', 'x@1.2', 'npm i @scope/name@1.2.3'])(
    '%s is no address',
    (text) => {
      expect(found(text)).toEqual({});
    },
  );

  test('the bytes of images and files are no text', () => {
    const data = 'AKIAIOSFODNN7EXAMPLE';
    const content = [
      { type: 'image', data, mimeType: 'image/png' },
      { type: 'resource', resource: { uri: 'a:b', blob: data } },
    ];
    expect(plain.inResult({ content })).toEqual({});
  });
});

describe('what an admin configures', () => {
  const pattern = boundedPattern('KD-[0-9]{8}');
  if (pattern.kind === 'refused') throw new Error(pattern.why);
  const configured: readonly DataClass[] = [
    { kind: 'pattern', class: 'customer_number', pattern: pattern.pattern },
    { kind: 'pointer', class: 'salary', pointer: '/people/*/salary' },
    { kind: 'detector', class: 'customer_pii', detector: 'email' },
  ];
  const classifier = createClassifier(configured);

  test('is told of arguments: by pattern, by place, by a detector', () => {
    const args = { note: 'KD-12345678', people: [{ salary: 1 }], to: 'ada@example.com' };
    expect(classifier.inArguments(args, {})).toEqual(['customer_number', 'customer_pii', 'salary']);
    expect(classifier.inArguments({ note: 'KD-1234', people: [{}] }, {})).toEqual([]);
  });

  test('what a manifest declares of an argument counts where the argument is there', () => {
    const declared = { '/card': ['card_data'], '/a~1b': ['odd'] };
    expect(classifier.inArguments({ card: '', 'a/b': null }, declared)).toEqual(['card_data', 'odd']);
    expect(classifier.inArguments({ other: 1 }, declared)).toEqual([]);
  });

  test('arguments are not searched for what nobody has configured', () => {
    expect(plain.inArguments({ card: '4111111111111111' }, {})).toEqual([]);
  });

  test('is told of results with how often, beside what the gateway knows itself', () => {
    expect(classifier.inResult({ content: [{ type: 'text', text: 'KD-12345678 KD-87654321 a@example.com' }] })).toEqual(
      {
        customer_number: 2,
        customer_pii: 1,
        email: 1,
      },
    );
  });
});

describe('patterns', () => {
  test.for(['KD-[0-9]{8}', '\\bEX-\\d{1,6}\\b', 'abc|[A-Z]{3}-\\d{4}', 'a?b', '[|]x', '\\(\\d{3}\\)'])(
    '%s is bounded',
    (source) => {
      expect(boundedPattern(source)).toMatchObject({ kind: 'bounded' });
    },
  );

  test.for([
    ['a+', /without end/],
    ['a*b', /without end/],
    ['a{2,}', /./],
    ['(ab)', /groups/],
    ['^a', /start/],
    ['a$', /start/],
    ['a?', /nothing at all/],
    ['x|', /nothing at all/],
    ['[z-a]', /no regular expression/],
    ['a{3,2}', /no regular expression/],
    ['[ab', /./],
    ['[a-z]{1,40}[a-z]{1,40}', /too many ways/],
  ] as const)('%s is refused', ([source, why]) => {
    expect(boundedPattern(source)).toMatchObject({ kind: 'refused', why: expect.stringMatching(why) as string });
  });
});

test('text that somebody made for the purpose takes no longer than other text', () => {
  const million = 1_000_000;
  const pattern = boundedPattern('[a-z]{1,12}-[0-9]{1,8}');
  const classes: readonly DataClass[] =
    pattern.kind === 'bounded' ? [{ kind: 'pattern', class: 'x', pattern: pattern.pattern }] : [];
  const classifier = createClassifier(classes);
  const hostile = [
    '4',
    '4111 ',
    'DE89 ',
    'a@',
    '@a.',
    'eyJ',
    'eyJaaaaaaaa.',
    'A',
    'a',
    '-----BEGIN ',
    '://a:',
    'a.a@a.a.',
  ];
  const parts = hostile.map((part) => part.repeat(million / part.length));
  // It ends: an engine that goes back and forth would need years for these.
  expect(classifier.inResult({ content: parts.map((text) => ({ type: 'text', text })) })).not.toHaveProperty(
    'card_number',
  );
});
