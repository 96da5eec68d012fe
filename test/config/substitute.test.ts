import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { substitute } from '../../src/config/substitute.ts';
import { GatewayError } from '../../src/core/errors.ts';

const source = {
  environment: { NAME: 'value', EMPTY: '', REFERENCE: '${NAME}: {a: b}' },
  folder: '/etc/gateway',
  readText: (path: string): string => {
    if (path === '/etc/gateway/token' || path === '/run/token') return `from ${path}\n`;
    throw new Error('no such file');
  },
  readSecret: (name: string): string | undefined => {
    if (name === 'locked') throw new GatewayError('SECRETS_UNAVAILABLE', 'the keychain is locked');
    return name === 'shop.token' ? 'of-the-shop' : undefined;
  },
};

function textOf(written: string): string {
  const result = substitute(written, source);
  return result.kind === 'done' ? result.text : result.failures.map(({ code }) => code).join();
}

describe('a reference', () => {
  it.each([
    ['${NAME}', 'value'],
    ['${env:NAME}', 'value'],
    ['a ${NAME} and ${NAME}', 'a value and value'],
    ['${EMPTY}', ''],
    ['${EMPTY:-instead}', 'instead'],
    ['${UNSET:-instead}', 'instead'],
    ['${UNSET:-}', ''],
    ['${UNSET:-a:-b}', 'a:-b'],
    ['${file:token}', 'from /etc/gateway/token'],
    ['${file:/run/token}', 'from /run/token'],
    ['$$', '$'],
    ['$${NAME}', '${NAME}'],
    ['$$${NAME}', '$value'],
    ['$NAME $ 5$', '$NAME $ 5$'],
    ['${REFERENCE}', '${NAME}: {a: b}'],
    ['${UNSET}', 'E_ENV_UNSET'],
    ['${UNSET} ${file:nowhere}', 'E_ENV_UNSET,E_FILE'],
    ['${constructor}', 'E_ENV_UNSET'],
    ['${}', 'E_SUBSTITUTION'],
    ['${1A}', 'E_SUBSTITUTION'],
    ['${NAME', 'E_SUBSTITUTION'],
    ['${UNSET:-${NAME}}', 'E_SUBSTITUTION'],
    ['${secret:shop.token}', 'of-the-shop'],
    ['${secret:shop.token:-x}', 'of-the-shop'],
    ['${secret:other:-}', ''],
    ['${secret:other}', 'E_SECRET'],
    ['${secret:locked}', 'E_SECRET'],
    ['${secret:locked:-x}', 'E_SECRET'],
    ['${secret:Shop Token}', 'E_SUBSTITUTION'],
    ['${secret:}', 'E_SUBSTITUTION'],
    ['${exec:op read}', 'E_NOT_BUILT'],
  ])('%s stands for %s', (written, expected) => {
    expect(textOf(written)).toBe(expected);
  });

  it('is known with what it put in', () => {
    expect(substitute('${NAME} ${UNSET:-x} ${file:token}', source)).toMatchObject({
      insertions: [
        { from: 'variable', name: 'NAME', value: 'value' },
        { from: 'default', name: 'UNSET', value: 'x' },
        { from: 'file', name: 'token', value: 'from /etc/gateway/token' },
      ],
    });
  });

  it('is undone by doubling every dollar sign', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('$', '{', '}', 'N', ':', '-') }), (text) => {
        expect(textOf(text.replaceAll('$', () => '$$'))).toBe(text);
      }),
    );
  });
});
