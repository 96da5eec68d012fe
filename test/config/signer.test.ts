import { describe, expect, it } from 'vitest';
import { complaintsAbout, load, MINIMAL, written } from './files.ts';

describe('a signer', () => {
  const bundle = (more: string, layers = '{}'): string =>
    written(
      `${MINIMAL}policies:\n  layers: ${layers}\n  org:\n    - { id: a, layer: workflow, source: ./a, ${more} }\n`,
    );

  it('is the path of a key, a key, either with more said of it, or several', () => {
    const signers = (more: string) => load(bundle(more)).config.policies.org[0]?.signer;
    const said = { kid: '', algorithm: undefined, scope: '' };
    expect(signers('signer: ~/dana.pub')).toEqual([{ key: { kind: 'file', path: '/home/tom/dana.pub' }, ...said }]);
    expect(signers("signer: '-----BEGIN PUBLIC KEY-----'")).toMatchObject([{ key: { kind: 'pem' } }]);
    const whole = '{ key: /k.pub, kid: dana, algorithm: PS256, scope: write }';
    const full = { key: { kind: 'file', path: '/k.pub' }, kid: 'dana', algorithm: 'PS256', scope: 'write' };
    expect(signers(`signer: ${whole}`)).toEqual([full]);
    expect(signers(`signer: [${whole}, /l.pub]`)).toMatchObject([full, { key: { path: '/l.pub' } }]);
    expect(signers('mode: enforce')).toBeUndefined();
  });

  it.each([
    ['signer: []', 'signer'],
    ['signer: { key: /k.pub, algorithm: HS256 }', 'HS256'],
    ['signer: { key: /k.pub, algorithm: none }', 'none'],
    ['signer: { kid: dana }', 'key'],
    ['signer: true', 'signer'],
  ])('G-62 as %s is refused', (more, words) => {
    expect(complaintsAbout(bundle(more))).toContain(words);
  });

  it('G-62 is missed where the layer demands signatures, of what the configuration names a place for', () => {
    const signed = '{ workflow: { signed: true } }';
    expect(complaintsAbout(bundle('mode: enforce', signed))).toContain('policies.layers.workflow.signed demands');
    expect(complaintsAbout(bundle('signer: /k.pub', signed))).toBe('');
    const server = (policy: string): string =>
      written(
        `version: 1\nmcpServers: { a: { command: a, policy: ${policy} } }\npolicies: { layers: { server: { signed: true } } }\n`,
      );
    expect(complaintsAbout(server('{ source: ./a }'))).toContain('policies.layers.server.signed demands');
    expect(complaintsAbout(server('{ source: auto }'))).toBe('');
  });
});
