import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { loadConfig } from '../../src/config/load.ts';
import { GatewayError } from '../../src/core/errors.ts';
import { makeBundle } from '../../src/policy/bundle.ts';
import { readBundle } from '../../src/policy/bundle-files.ts';
import { archiveOf, bundleFiles, entriesOf, tarOf } from '../policy/archives.ts';
import { mutatedBytes } from './mutations.ts';
import type { Target } from './targets.ts';

const FILES = bundleFiles({ 'github/data.json': '{"a":[1,2]}', 'policy_test.rego': 'package github_test\n' });
const TAR_TOKENS = [
  '\u0000',
  '0000644\u0000',
  '../',
  '/',
  'ustar\u000000',
  '77777777777',
  '5',
  '2',
  'x',
  '{"roots":["a","a"]}',
];

/** Bytes that were a bundle: they are one still, or are refused in words. Nothing else is thrown, and nothing hangs. */
export const BUNDLES: Target = {
  name: 'an archive gives a bundle or is refused in words',
  runs: 250,
  property: () => {
    const file = join(mkdtempSync(join(tmpdir(), 'fuzz-')), 'bundle.tar.gz');
    const packed = mutatedBytes([archiveOf(entriesOf(FILES))], TAR_TOKENS);
    const tarred = mutatedBytes([tarOf(entriesOf(FILES))], TAR_TOKENS).map((bytes) => gzipSync(bytes));
    return fc.asyncProperty(fc.oneof(packed, tarred), async (bytes) => {
      writeFileSync(file, bytes);
      return isRefusedOrNothing(async () => makeBundle('github', await readBundle(file)));
    });
  },
};

const CONFIGURATION = `version: 1
gateway:
  limits: { messageBytes: 4MB, inFlight: 16 }
  transports: { http: { port: 3700, allowedHosts: [gate.example] } }
agents: { claude: { servers: [files], tools: ["files/*"] } }
mcpServers:
  files: &files { command: node, args: [server.mjs, "\${HOME}"], env: { TOKEN: "\${TOKEN}" }, policy: { source: auto } }
  web: { url: "https://example.com/mcp", headers: { Authorization: Bearer x } }
policies:
  org:
    - { id: house, layer: compliance, source: ./house, for: { servers: ["f*"] } }
decisions: { durability: full, redact: [/customer/email] }
`;
const YAML_TOKENS = [
  '\n',
  '\t',
  '  ',
  ': ',
  '- ',
  '*files',
  '&a ',
  '<<: *files',
  '{',
  '}',
  '[',
  ']',
  '"',
  "'",
  '#',
  '|\n',
  '>-\n',
  '!!binary ',
  '!x ',
  '%YAML 1.1\n',
  '---\n',
  '...\n',
  '? ',
  '${',
  '${TOKEN}',
  '${file:x}',
  '__proto__: 1\n',
  '.inf',
  '0x7f',
  '~',
  '1e999',
  '\u0000',
  '\u0085',
  '\uFEFF',
];

/** A file that was a configuration: it is one still, or each of its problems is told with its place. */
export const CONFIGURATIONS: Target = {
  name: 'a configuration is read, or its problems are told with their places',
  runs: 60,
  property: () => {
    const workingFolder = mkdtempSync(join(tmpdir(), 'fuzz-'));
    const path = join(workingFolder, 'mcp-gateway.yaml');
    const environment = { HOME: '/home/tom', TOKEN: 'a-token-nobody-sees' };
    const options = { path, environment, workingFolder, home: workingFolder, userHome: workingFolder };
    return fc.asyncProperty(mutatedBytes([CONFIGURATION], YAML_TOKENS), async (bytes) => {
      writeFileSync(path, bytes);
      return isRefusedOrNothing(
        async () => loadConfig(options),
        ({ code, message }) =>
          code === 'CONFIG_INVALID' &&
          /^\S+:\d+:\d+ error E_/m.test(message) &&
          !message.includes('a-token-nobody-sees'),
      );
    });
  },
};

async function isRefusedOrNothing(
  work: () => Promise<unknown>,
  isGood: (refusal: GatewayError) => boolean = () => true,
): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (thrown) {
    if (!(thrown instanceof GatewayError)) throw thrown;
    return isGood(thrown);
  }
}
