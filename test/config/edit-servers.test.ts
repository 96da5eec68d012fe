import { parse } from 'yaml';
import { expect, test } from 'vitest';
import { withoutServer, withServer } from '../../src/config/edit-servers.ts';

const ENTRY = { id: 'notes', settings: { command: 'npx', args: ['-y', '@acme/notes', 'a b', '1', 'yes'] } };

const YAML = `# ours
version: 1
gateway:
  name: here # the name
mcpServers:
    files:   # the files
        command: node
        args: [ a.mjs ,  'b' ]   # two

    # about mail
    mail: { url: "https://mail.example/mcp" }   # last

# behind
policies: {}
`;

test.for(['true', 'null', '007', '1e3'])(
  'a server that is called %s has this text as its name, and can be removed',
  (id) => {
    const added = withServer('mcpServers:\n  files: { command: node }\n', { ...ENTRY, id });
    expect(added).toContain(`\n  "${id}":\n`);
    expect(withoutServer(added, id)).toBe(
      'gateway: { toolNames: prefixed }\nmcpServers:\n  files: { command: node }\n',
    );
  },
);

test('a server is added behind the others, and everything else stays as it was', () => {
  expect(withServer(YAML, ENTRY)).toBe(
    YAML.replace('  name: here', '  toolNames: prefixed\n  name: here').replace(
      '# last\n',
      '# last\n    notes:\n      command: npx\n      args: ["-y", "@acme/notes", "a b", "1", "yes"]\n',
    ),
  );
});

test.for<[string, string]>([
  ['a first server', 'version: 1\nmcpServers: {}\n'],
  ['a map in one line', 'version: 1\nmcpServers: { files: { command: node } } # ours\n'],
  ['no newline at the end', 'version: 1\nmcpServers:\n  files:\n    command: node'],
  ['newlines of Windows', 'version: 1\r\nmcpServers:\r\n  files:\r\n    command: node\r\n'],
  ['a block of text at the end', 'version: 1\nmcpServers:\n  files:\n    command: |-\n      node\n'],
  ['a list at the end', 'version: 1\nmcpServers:\n  files:\n    command: node\n    args:\n      - a\n      - b\n'],
  ['a mark of the order of bytes', '\u{feff}mcpServers:\n  files:\n    command: node\nversion: 1\n'],
  ['JSON', '{\n  "version": 1,\n  "mcpServers": {\n    "files": { "command": "node" }\n  }\n}\n'],
  ['JSON without servers', '{"version":1,"mcpServers":{}}'],
  [
    'JSON with comments',
    '// ours\n{\n  "version": 1, // one\n  "mcpServers": {\n    "files": { "command": "node" } /* it */\n  }\n}\n',
  ],
  ['settings of the gateway in one line', 'version: 1\ngateway: { name: a }\nmcpServers: {}\n'],
  ['no settings of the gateway', 'version: 1\ngateway: {}\nmcpServers: {}\n'],
])('what is added to %s is there, and gone when it is removed again', ([, text]) => {
  const read = (source: string): Record<string, unknown> =>
    parse(source.replaceAll(/\/\/.*$|\/\*.*?\*\//gm, '')) as Record<string, unknown>;
  const { mcpServers, gateway, ...rest } = read(text);
  const added = withServer(text, ENTRY);
  expect(read(added)).toEqual({
    ...rest,
    gateway: { ...(gateway as object), toolNames: 'prefixed' },
    mcpServers: { ...(mcpServers as object), notes: ENTRY.settings },
  });
  const removed = read(withoutServer(added, 'notes') ?? '');
  expect(removed).toEqual({ ...read(added), mcpServers });
});

test('what is said about names of tools is left as it is', () => {
  const text = 'version: 1\ngateway: { toolNames: plain }\nmcpServers: {}\n';
  expect(withServer(text, ENTRY)).toContain('gateway: { toolNames: plain }\n');
});

test('a server in the middle is removed, and the comments around it stay', () => {
  expect(withoutServer(YAML, 'files')).toBe(
    YAML.replace("    files:   # the files\n        command: node\n        args: [ a.mjs ,  'b' ]   # two\n", ''),
  );
  expect(withoutServer(YAML, 'absent')).toBeUndefined();
});
