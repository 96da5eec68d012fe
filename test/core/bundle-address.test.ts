import { describe, expect, it } from 'vitest';
import { addressText, isAddress, readBundleAddress } from '../../src/core/bundle-address.ts';

const DIGEST = `sha256:${'ab'.repeat(32)}`;

/** How an address is understood, or why it is not. */
function read(text: string): unknown {
  const result = readBundleAddress(text);
  return result.kind === 'ok' ? result.address : result.why;
}

describe('an address of a bundle', () => {
  it.each([
    ['https://bundles.example.com/a.tar.gz?sig=1', { kind: 'http', url: 'https://bundles.example.com/a.tar.gz?sig=1' }],
    ['http://127.0.0.1:8181/a.tar.gz', { kind: 'http', url: 'http://127.0.0.1:8181/a.tar.gz' }],
    ['http://[::1]:8181/a.tar.gz', { kind: 'http', url: 'http://[::1]:8181/a.tar.gz' }],
    [
      'git+https://git.example.com/team/policy.git#release/4:bundles/github',
      {
        kind: 'git',
        protocol: 'https',
        repository: 'https://git.example.com/team/policy.git',
        ref: 'release/4',
        folder: 'bundles/github',
      },
    ],
    [
      'git+ssh://git@git.example.com/policy.git#v1.2',
      { kind: 'git', protocol: 'ssh', repository: 'ssh://git@git.example.com/policy.git', ref: 'v1.2', folder: '' },
    ],
    [
      'git+file:///srv/policy.git#main',
      { kind: 'git', protocol: 'file', repository: 'file:///srv/policy.git', ref: 'main', folder: '' },
    ],
    [
      `oci://registry.example.com:5000/team/policy:v1@${DIGEST}`,
      { kind: 'oci', registry: 'registry.example.com:5000', repository: 'team/policy', tag: 'v1', digest: DIGEST },
    ],
    [
      `oci://localhost/policy@${DIGEST}`,
      { kind: 'oci', registry: 'localhost', repository: 'policy', tag: '', digest: DIGEST },
    ],
  ])('%s is understood', (text, address) => {
    expect(read(text)).toEqual(address);
  });

  it.each([
    ['https://bot:word@bundles.example.com/a.tar.gz', /carries a name or a password/],
    ['https://token@bundles.example.com/a.tar.gz', /carries a name or a password/],
    ['git+ssh://git:word@git.example.com/policy.git#v1', /carries a name or a password/],
    ['oci://bot:word@registry.example.com/policy:v1', /carries a name or a password/],
    ['http://bundles.example.com/a.tar.gz', /plain http to another machine/],
    ['http://127.0.0.1.example.com/a.tar.gz', /plain http to another machine/],
    ['git+http://git.example.com/policy.git#v1', /plain http to another machine/],
    ['https://bundles.example.com/a.tar.gz#v1', /has a fragment/],
    ['git+https://git.example.com/policy.git', /names no branch, tag or commit/],
    ['git+https://git.example.com/policy.git#--upload-pack=x', /is no branch, tag or commit/],
    ['git+https://git.example.com/policy.git#a..b', /is no branch, tag or commit/],
    ['git+https://git.example.com/policy.git#v1:../up', /names no folder/],
    ['git+https://git.example.com/policy.git#v1:a:b', /names no folder/],
    ['git+file://host/srv/policy.git#v1', /names a host/],
    ['git+ext://sh#v1', /is not an address of git/],
    ['oci://registry.example.com/policy', /names neither a tag nor a digest/],
    ['oci://registry.example.com/Policy:v1', /is no artefact of a registry/],
    ['s3://bucket/a.tar.gz', /is not an address that bundles come from/],
    ['https://', /is not an address/],
  ])('%s is refused', (text, why) => {
    expect(read(text)).toMatch(why);
  });

  it('is told from a path', () => {
    const paths = ['./policy', 'policy', '/srv/policy', 'C:\\policy', '../a.tar.gz', 'https/policy'];
    expect(paths.filter((path) => isAddress(path))).toEqual([]);
  });

  it.each([
    ['https://bundles.example.com/a.tar.gz?sig=secret', 'https://bundles.example.com/a.tar.gz'],
    ['git+https://git.example.com/p.git?token=secret#v1:a', 'git+https://git.example.com/p.git#v1:a'],
    [`oci://localhost:5000/p:v1@${DIGEST}`, `oci://localhost:5000/p:v1@${DIGEST}`],
  ])('%s is shown without its query', (text, shown) => {
    const result = readBundleAddress(text);
    expect(result.kind === 'ok' && addressText(result.address)).toBe(shown);
  });
});
