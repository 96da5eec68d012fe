import { execFileSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { completionScript, SHELLS } from '../../src/cli/completion-scripts.ts';
import { type Named, wordsFor } from '../../src/cli/completion-words.ts';
import { idsIn } from '../../src/cli/completion-ids.ts';
import { runIn, wholeProgram } from '../../src/cli/program.ts';
import { aRecord } from '../state/records.ts';
import { aFolder, aStore } from '../state/support.ts';

const CONTEXT = {
  terminal: { in: process.stdin, out: process.stdout, err: process.stderr },
  environment: { variables: {}, workingFolder: '', userHome: '', home: '', cache: '', user: 'maya' },
  setExit: () => undefined,
};
const PROGRAM = wholeProgram(CONTEXT);

async function typed(...words: readonly string[]): Promise<readonly string[]> {
  const asked = async (name: Named) => [
    { word: `${name}-1`, about: '' },
    { word: '$(rm -rf .)', about: '' },
  ];
  return (await wordsFor(PROGRAM, words, asked)).map(({ word }) => word);
}

test.for<readonly [typed: readonly string[], offered: readonly string[]]>([
  [['ser'], ['serve', 'server']],
  [['decision', 'st'], ['stats']],
  [['decision', 'ls', '--eff'], ['--effect']],
  [
    ['decision', 'ls', '--effect', ''],
    ['allow', 'deny', 'pending'],
  ],
  [['decision', 'ls', '--effect=deny', '--lim'], ['--limit']],
  [['decision', 'ls', '--server', ''], ['servers-1']],
  [['server', 'inspect', ''], ['servers-1']],
  [['server', 'inspect', 'x', ''], []],
  [['server', 'add', ''], []],
  [['--config', 'server', 'server', 'logs', ''], ['servers-1']],
  [['explain', ''], ['decisions-1']],
  [['approval', 'approve', ''], ['approvals-1']],
  [['agent', 'show', 'agents-1'], ['agents-1']],
  [['policy', 'show', ''], ['bundles-1']],
  [['tool', 'call', ''], ['tools-1']],
  [
    ['completion', ''],
    ['bash', 'zsh', 'fish', 'powershell'],
  ],
  [
    ['connect', 'cursor', 'claude-'],
    ['claude-desktop', 'claude-code'],
  ],
  [['client', 'restore', 'cu'], ['cursor']],
  [['serve', '--config', ''], [':files']],
  [['bundle', 'check', ''], [':files']],
  [['nothing', 'here', ''], []],
])('behind %j stand %j, and nothing that a shell would read as more than a word', async ([words, offered]) => {
  expect(await typed(...words)).toEqual(offered);
});

test('nothing hidden is offered', async () => {
  expect(await typed('')).toEqual(expect.arrayContaining(['status', 'tool', 'pause']));
  expect((await typed('')).filter((word) => word.startsWith('_'))).toEqual([]);
});

test('ids come from the configuration and the store, and from a broken one none', async () => {
  const home = aFolder();
  const config = join(home, 'mcp-gateway.yaml');
  writeFileSync(
    config,
    'version: 1\nmcpServers: { files: { command: node }, shop: { type: http, url: "http://localhost:1" } }\n',
  );
  const environment = { ...CONTEXT.environment, home, workingFolder: home, userHome: home };
  const record = aRecord();
  const store = await aStore({ path: join(home, 'decisions.db'), home });
  await store.log.append(record);
  const ids = idsIn(environment, undefined);
  expect((await ids('servers')).map(({ word }) => word)).toEqual(['files', 'shop']);
  expect((await ids('decisions')).map(({ word }) => word)).toEqual([record.id]);
  writeFileSync(config, 'version: 1\n  mcpServers: [');
  expect(await ids('servers')).toEqual([]);
  expect(await idsIn(environment, '/nowhere/at/all.yaml')('decisions')).toEqual([]);
});

test.for([
  [['serve', '--config', 'x'], ':files\n'],
  [['decision', 'ls', '--effect', 'al'], 'allow\n'],
  [['decision', 'st'], 'stats\tcount decisions, and how long they took\n'],
] as const)('the answer to %j is a line that the scripts read: %j', async ([words, answer]) => {
  let said = '';
  const out = new PassThrough().on(
    'data',
    (chunk: Buffer) => (said += chunk.toString()),
  ) as unknown as NodeJS.WriteStream;
  const { environment, terminal } = CONTEXT;
  expect(await runIn({ environment, terminal: { ...terminal, out } }, ['__complete', '--', ...words])).toBe(0);
  await new Promise(setImmediate);
  expect(said).toBe(answer);
});

test('bash completes through its script, with a program that answers and with one that fails', () => {
  const folder = aFolder();
  const program = join(folder, 'mcp-gateway');
  writeFileSync(program, '#!/bin/sh\nprintf "%s\\n" "$*" > "$ASKED"\nprintf "serve\\trun it\\nserver\\tadd\\n"\n');
  chmodSync(program, 0o755);
  const asked = join(folder, 'asked');
  const bash = (words: string): string =>
    execFileSync(
      'bash',
      [
        '-c',
        `set -u; ${completionScript('bash')}\n${completionScript('bash')}\n${words}\n_mcp_gateway; echo "\${COMPREPLY[@]-}"; cat "$ASKED"`,
      ],
      {
        env: { PATH: `${folder}:${process.env['PATH'] ?? ''}`, ASKED: asked, HOME: folder },
        encoding: 'utf8',
        cwd: folder,
      },
    );
  expect(bash('COMP_WORDS=(mcp-gateway decision ls --effect = "\\$(touch owned)" ser); COMP_CWORD=6')).toBe(
    'serve server\n__complete -- decision ls --effect $(touch owned) ser\n',
  );
  writeFileSync(program, '#!/bin/sh\n: > "$ASKED"\necho ":files"\n');
  expect(bash('COMP_WORDS=(mcp-gateway bundle check as); COMP_CWORD=3')).toBe('asked\n');
  writeFileSync(program, '#!/bin/sh\necho "broken" >&2\nexit 1\n');
  expect(bash('COMP_WORDS=(mcp-gateway ""); COMP_CWORD=1')).toBe('\n');
});

test.for(SHELLS)('the script for %s asks with words of their own, and shows no error', (shell) => {
  const script = completionScript(shell);
  expect(script).toContain('mcp-gateway');
  expect(script).toContain('__complete');
  expect(script).toMatch(/2>(\/dev\/null|\$null)/);
  expect(script).not.toMatch(/\beval "\$requestComp"|Invoke-Expression \$/);
});

test('each script has the shape that its shell reads', () => {
  expect(completionScript('zsh')).toMatch(/^#compdef mcp-gateway\n/);
  expect(completionScript('zsh')).toContain('"${(@)words[2,CURRENT]}"');
  expect(completionScript('fish')).toContain(`complete -c mcp-gateway -f -a '(__mcp_gateway_complete)'`);
  expect(completionScript('powershell')).toContain('Register-ArgumentCompleter -Native -CommandName mcp-gateway');
  for (const shell of SHELLS) {
    const count = (bracket: string): number => completionScript(shell).split(bracket).length;
    const [open, closed] = [count('{'), count('}')];
    expect([shell, open]).toEqual([shell, closed]);
  }
});
