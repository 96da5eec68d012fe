import { chmodSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadConfig, type LoadOptions } from '../../src/config/load.ts';
import { complaintsAbout, HOME, load, MINIMAL, written } from './files.ts';

const FIXTURES = join(import.meta.dirname, '../../fixtures/configs');
const GOOD = join(FIXTURES, 'good');
const BAD = join(FIXTURES, 'bad');

describe('every bad file', () => {
  for (const name of readdirSync(BAD).filter((file) => file.endsWith('.yaml'))) {
    it(`${name} is refused with all its problems, each at its place`, async () => {
      await expect(`${complaintsAbout(join(BAD, name))}\n`).toMatchFileSnapshot(
        join(BAD, name.replace('.yaml', '.txt')),
      );
    });
  }
});

describe('a good file', () => {
  it('needs no more than its version and its servers', () => {
    const { config, secrets, warnings } = load(join(GOOD, 'smallest.yaml'));
    expect(config.gateway.transports).toEqual({ stdio: true, http: false, sse: false });
    expect(config.decisions.store).toEqual({ driver: 'sqlite', path: `${HOME}/decisions.db` });
    expect(config.policies.layers.server).toEqual({ required: false, starter: true, relax: true, signed: false });
    expect([secrets, warnings]).toEqual([[], '']);
  });

  it('takes a block of servers as clients have it', () => {
    const { config, secrets } = load(join(GOOD, 'pasted.yaml'));
    const transports = Object.values(config.mcpServers).map((server) => [server.transport.kind, server.instance]);
    expect(transports).toEqual([
      ['stdio', 'session'],
      ['http', 'principal'],
      ['sse', 'principal'],
    ]);
    expect(secrets).toEqual(['example-token-0123456789', 'example-bearer-9876']);
  });

  it('may be JSON with comments, tabs and trailing commas', () => {
    const { config } = load(join(GOOD, 'comments.jsonc'));
    expect(config.mcpServers['files']?.transport).toMatchObject({
      args: ['https://example.com//not-a-comment', 'a\\'],
    });
  });

  it('gives times in milliseconds, sizes in bytes, and types to what was put in', () => {
    const { gateway, mcpServers } = load(join(GOOD, 'northwind.yaml')).config;
    expect([gateway.startWait, gateway.limits.messageBytes, mcpServers['code-host']?.timeout]).toEqual([
      500, 1_048_576, 120_000,
    ]);
    expect(gateway.transports.http).toMatchObject({ host: '127.0.0.1', port: 4000, path: '/mcp' });
  });

  it('has its paths made absolute, each from the file it stands in', () => {
    const { config } = load(join(GOOD, 'northwind.yaml'));
    expect(config.mcpServers['code-host']).toMatchObject({
      transport: { command: join(GOOD, 'bin/code-host'), cwd: GOOD, args: ['--root', '/home/tom/repositories'] },
      policy: { source: { kind: 'path', path: join(GOOD, 'policies/code-host') } },
    });
    expect(config.policies.org[1]?.source).toEqual({ kind: 'path', path: join(FIXTURES, 'eu-data.tar.gz') });
    expect(config.decisions.store).toEqual({ driver: 'sqlite', path: join(GOOD, 'state/decisions.db') });
  });

  it('tells which of its values are secrets', () => {
    const { secrets } = load(join(GOOD, 'northwind.yaml'));
    expect(secrets).toEqual(['example-payments-token', 'code-host-secret']);
  });

  it('has a secret in every reference within a header, and in the secret of a client', () => {
    const { secrets } = load(
      written(`version: 1
mcpServers:
  a: { url: "https://a.example.com", headers: { X-Api: "\${LETTERS}", X-Kind: "plain-text-kept" } }
  b:
    url: "https://b.example.com"
    credentials: { client_id: gateway-id, client_secret: written-out-1234, issuer: "https://id.example.com" }
`),
      { environment: { LETTERS: 'from-the-environment' } },
    );
    expect(secrets).toEqual(['from-the-environment', 'written-out-1234']);
  });

  it('takes secrets from where they are kept, masks them, and says which is missing and how to keep it', () => {
    const text = `version: 1\nmcpServers: { a: { url: "https://a.example.com", headers: { X: "\${secret:a.x}" } } }\n`;
    const kept = load(written(text), { readSecret: (name) => (name === 'a.x' ? 'p1n4' : undefined) });
    expect(kept.config.mcpServers['a']?.transport).toMatchObject({ headers: { X: 'p1n4' } });
    expect(kept.secrets).toEqual(['p1n4']);
    const complaints = complaintsAbout(written(text), { readSecret: () => undefined });
    expect(complaints).toContain('mcpServers.a.headers.X: the secret "a.x" is not set');
    expect(complaints).toContain('mcp-gateway secret set a.x');
  });

  it('may have bundles with an address, and what is shown there is secret', () => {
    const { config, secrets, warnings } = load(
      written(`${MINIMAL}
agents: { lead: { policy: { source: 'https://bundles.example.com/lead.tar.gz', maxAge: 1d } } }
policies:
  org:
    - id: hours
      layer: compliance
      source: oci://registry.example.com/policy:v1
      refresh: 5m
      credentials: { username: reader, password: "\${WORD}" }
    - { id: rules, layer: resource, source: 'git+ssh://git@git.example.com/policy.git#main:rules' }
    - { id: sums, layer: workflow, source: 'https://b.example.com/w.tar.gz', credentials: { token: written-out-token } }
`),
      { environment: { WORD: 'kept-elsewhere' } },
    );
    const [hours, rules, sums] = config.policies.org;
    expect(hours).toMatchObject({
      source: { kind: 'remote', address: { kind: 'oci', repository: 'policy', tag: 'v1' } },
      refresh: 300_000,
      credentials: { kind: 'basic', username: 'reader', password: 'kept-elsewhere' },
    });
    expect(rules).toMatchObject({ source: { address: { kind: 'git', ref: 'main' } }, refresh: 120_000 });
    expect(sums?.credentials).toEqual({ kind: 'token', token: 'written-out-token' });
    expect(config.agents['lead']?.policy).toMatchObject({ source: { address: { kind: 'http' } }, maxAge: 86_400_000 });
    expect([warnings, secrets]).toEqual(['', ['written-out-token', 'kept-elsewhere']]);
  });

  it('may be put together from several files', () => {
    const { config, files } = load(join(GOOD, 'including.yaml'));
    expect(Object.keys(config.mcpServers)).toEqual(['first', 'second']);
    expect(config.mcpServers['second']?.transport).toMatchObject({ command: join(GOOD, 'conf.d/second') });
    expect(config.policies.org.map(({ id, source }) => [id, source.kind === 'path' && source.path])).toEqual([
      ['one', join(GOOD, 'one')],
      ['two', join(GOOD, 'conf.d/two')],
    ]);
    expect(files).toHaveLength(3);
  });
});

describe('a doubtful file', () => {
  it('is loaded, and what is doubtful is told', () => {
    const text = `${MINIMAL}gateway: { transports: { sse: {} } }\nagents: { tom: { servers: [files], tools: ['*/read', notes/read] } }\n`;
    const { config, warnings } = load(written(text));
    expect(config.gateway.transports.sse).toEqual({ path: '/sse' });
    expect(warnings).toMatch(/warning W_WITHOUT_EFFECT gateway\.transports\.sse/);
    expect(warnings).toMatch(/agents\.tom\.servers\.0: there is no server "files"/);
    expect(warnings).toMatch(/agents\.tom\.tools\.1: there is no server "notes"[^]*3 warnings in /);
  });
});

describe('an agent under another', () => {
  const AGENTS = `${MINIMAL}
agents:
  lead: { servers: [files], tools: [files/read, '*/list'] }
  middle: { parent: lead }
  helper: { parent: middle, servers: [files, mail, '*'], tools: [files/read, files/write, mail/list, 'files/*'] }
`.replace('mcpServers: {}', 'mcpServers: { files: { command: x }, mail: { command: x } }');

  it('may ask for more than it gets: that is no warning, but who looks for it is told', () => {
    const { warnings, notes } = load(written(AGENTS));
    expect(warnings).toBe('');
    expect([...notes.matchAll(/note N_BEYOND_PARENT (.*)/g)].map(([, text]) => text)).toEqual([
      'agents.helper.servers.1: "mail" is beyond the reach of "lead", which bounds "helper"',
      'agents.helper.servers.2: "*" is beyond the reach of "lead", which bounds "helper"',
      'agents.helper.tools.1: "files/write" is beyond the reach of "lead", which bounds "helper"',
      'agents.helper.tools.2: "mail/list" is beyond the reach of "lead", which bounds "helper"',
      'agents.helper.tools.3: "files/*" is beyond the reach of "lead", which bounds "helper"',
    ]);
    expect(notes).toMatch(/5 notes in /);
  });

  it('has its bundle where the file says, from the file on', () => {
    const path = written(`${MINIMAL}agents: { lead: { policy: { source: policies/lead } } }\n`);
    const source = { kind: 'path', path: join(path, '../policies/lead') };
    expect(load(path).config.agents['lead']?.policy).toMatchObject({ source });
  });
});

describe('the address to listen on', () => {
  it.each(['127.0.0.1', '127.255.0.9', '::1', 'localhost'])('%s is loopback', (host) => {
    expect(complaintsAbout(written(`${MINIMAL}gateway: { transports: { http: { host: "${host}" } } }\n`))).toBe('');
  });

  it.each(['0.0.0.0', '::', '127.0.0.1.example.com', '127.0.0.256', '192.168.0.1', 'example.com', '0'])(
    '%s is refused',
    (host) => {
      expect(complaintsAbout(written(`${MINIMAL}gateway: { transports: { http: { host: "${host}" } } }\n`))).toMatch(
        /E_UNSAFE_BINDING/,
      );
    },
  );
});

describe('the file is looked for', () => {
  const environment = {};

  it('where it is named, and nowhere else', () => {
    expect(() => load('nowhere.yaml', { workingFolder: GOOD })).toThrow(/there is no file .*nowhere\.yaml/);
  });

  it('where MCP_GATEWAY_CONFIG says', () => {
    const { path: _path, ...options } = optionsIn(GOOD);
    const loaded = loadConfig({ ...options, environment: { MCP_GATEWAY_CONFIG: 'smallest.yaml' } });
    expect(loaded.path).toBe(join(GOOD, 'smallest.yaml'));
  });

  it('in the working folder, then at home', () => {
    const [working, home] = [written(MINIMAL), written(MINIMAL, 'mcp-gateway.json')].map((path) => join(path, '..'));
    const options = { environment, home: home ?? '', userHome: '/' };
    expect(loadConfig({ ...options, workingFolder: working ?? '' }).path).toBe(join(working ?? '', 'mcp-gateway.yaml'));
    expect(loadConfig({ ...options, workingFolder: GOOD }).path).toBe(join(home ?? '', 'mcp-gateway.json'));
  });

  it('and its absence has a code of its own', () => {
    expect(() => loadConfig({ ...optionsIn(GOOD), environment })).toThrow(
      expect.objectContaining({ code: 'CONFIG_NOT_FOUND' }),
    );
  });

  function optionsIn(workingFolder: string): LoadOptions {
    return { environment, workingFolder, home: '/nowhere', userHome: '/nowhere' };
  }
});

describe('hostile files', () => {
  it('G-28 cannot be one that every user may change', () => {
    const path = written(MINIMAL);
    chmodSync(path, 0o666);
    expect(complaintsAbout(path)).toMatch(/every user of this machine may change this file/);
  });

  const rows: readonly (readonly [string, string | Uint8Array, RegExp])[] = [
    ['text that is not UTF-8', new Uint8Array([0x76, 0xff, 0xfe]), /E_FILE cannot be read: it is not UTF-8/],
    [
      'more than a megabyte',
      `# ${'x'.repeat(2 ** 20)}\n${MINIMAL}`,
      /E_FILE cannot be read: it is larger than 1024 KB/,
    ],
    ['nesting that would fill the stack', '['.repeat(100_000), /E_(SYNTAX|TOO_LARGE)/],
    ['several documents', `${MINIMAL}---\n${MINIMAL}`, /E_SYNTAX/],
    ['a list as a key', 'version: 1\n? [a]\n: b\n', /E_SYNTAX a key is text/],
    ['a tag', 'version: 1\nmcpServers: !!js/function x\n', /E_SYNTAX/],
    ['an alias before its anchor', 'version: 1\nmcpServers: *a\n', /E_(VALUE|SYNTAX)/],
    ['a number without end', 'version: .inf\nmcpServers: {}\n', /E_VALUE version: this number is not finite/],
  ];
  it.each(rows)('%s is a problem like any other', (_what, text, complaint) => {
    expect(complaintsAbout(written(text))).toMatch(complaint);
  });

  it('cannot move the cursor of the terminal that shows their problems, nor turn its text around', () => {
    const complaints = complaintsAbout(written('version: 1\nmcpServers: {}\nx: "\u001b[2J\u202e"\n'));
    expect(['\u001b', '\u202e'].filter((character) => complaints.includes(character))).toEqual([]);
  });

  it('do not show a secret in the line with the problem', () => {
    const text = 'version: 1\nmcpServers: { a: { command: x, env: { API_KEY: "literal-key-123" }, colour: red } }\n';
    expect(complaintsAbout(written(text))).toMatch(/API_KEY: "•{15}"/);
  });

  it('never cause anything but their problems', () => {
    const yaml = fc.constantFrom(
      'version',
      'mcpServers',
      ': ',
      '- ',
      '{',
      '}',
      '[',
      ']',
      '&a ',
      '*a',
      '"',
      '\n',
      '\n  ',
      '\t',
      '${',
      '}',
      '!!map',
      '1',
      '<<',
      '|',
      '>',
      '#',
      '%',
      '\u0000',
    );
    const anyText = fc.oneof(
      fc.array(yaml, { maxLength: 40 }).map((parts) => parts.join('')),
      fc.string({ unit: 'binary' }),
      fc.json().map((json) => `version: 1\nmcpServers: ${json}`),
    );
    const path = written('');
    fc.assert(
      fc.property(anyText, (text) => {
        writeFileSync(path, text);
        expect(complaintsAbout(path)).toBeTypeOf('string');
      }),
      { numRuns: 100 },
    );
  });
});
