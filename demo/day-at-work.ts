import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { styleText } from 'node:util';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { ACTS, type Act } from './acts.ts';

/** Everything the demo writes lies here, and is made anew each time. */
const PLACE = resolve('.mcp-gateway/demo');
const PROGRAM = resolve('dist/main.js');
/** One moment for all commands, so that they speak of the same permit. */
const STARTED_MS = Date.now();

/** Plays a day of an agent at work against the repository's own configuration, with an official MCP client. */
async function playDay(): Promise<void> {
  rmSync(PLACE, { recursive: true, force: true });
  say('bold', 'A day at Northwind: one gateway, four MCP servers, their authors’ policies and the organisation’s.\n');
  const client = new Client({ name: 'demo', version: '1.0.0' }, { capabilities: { elicitation: { form: {} } } });
  client.setRequestHandler(ElicitRequestSchema, ({ params: { message } }) => {
    show('yellow', '?', message.split('\n'));
    return { action: 'accept', content: { answer: 'approve' } };
  });
  const startedMs = performance.now();
  await client.connect(
    new StdioClientTransport({
      command: process.execPath,
      args: [PROGRAM, 'serve', '--stdio'],
      env: environment(),
      stderr: 'inherit',
    }),
  );
  const { tools } = await client.listTools();
  const servers = new Set(tools.map(({ name }) => name.split('__')[0]));
  say('dim', `${tools.length} tools of ${servers.size} servers after ${Math.round(performance.now() - startedMs)} ms`);
  try {
    for (const [index, act] of ACTS.entries()) await play(client, act, index + 1);
  } finally {
    await client.close();
  }
  readBack();
}

/** A window around now for the override of incident INC-7; without it the permit of the example has run out. */
function environment(): Record<string, string> {
  const at = (hours: number): string => new Date(STARTED_MS + hours * 3_600_000).toISOString();
  return {
    ...(process.env as Record<string, string>),
    MCP_GATEWAY_HOME: `${PLACE}/home`,
    MCP_GATEWAY_CACHE: resolve('.mcp-gateway/cache'),
    NORTHWIND_INC7_FROM: at(-1),
    NORTHWIND_INC7_UNTIL: at(72),
  };
}

async function play(client: Client, { title, tool, args, expected }: Act, number: number): Promise<void> {
  console.log(`\n${styleText('bold', `${number}. ${title}`)}`);
  console.log(styleText('dim', `   ${tool} ${shorten(JSON.stringify(args), 100)}`));
  const result = await client.callTool({ name: tool, arguments: args });
  const decision = (result._meta as Record<string, { readonly effect?: string }> | undefined)?.['mcp-gateway/decision'];
  const [first] = result.content as readonly { readonly text?: string }[];
  const lines = (first?.text ?? '').trim().split('\n');
  if (decision?.effect !== expected)
    throw new Error(`expected ${expected}, got ${decision?.effect}: ${lines.join(' ')}`);
  if (expected === 'allow') return show('green', '✓', [lines.map((line) => line.trim()).join(' ')]);
  return show('red', '✗', lines);
}

function show(colour: 'green' | 'red' | 'yellow', sign: string, lines: readonly string[]): void {
  for (const [index, line] of lines.entries()) {
    console.log(`   ${index === 0 ? styleText(colour, sign) : ' '} ${shorten(line, 160)}`);
  }
}

function readBack(): void {
  say('bold', '\nEvery decision was in SQLite before anything was forwarded:\n');
  run('decision', 'ls', '--limit', '20');
  say('bold', '\nThe exception that is in force, and how often it was used:\n');
  run('policy', 'overrides');
  say('bold', '\nThe last denial in words, what was approved, and the proof that the log is whole:\n');
  run('explain');
  run('approval', 'ls');
  run('decision', 'verify');
  say('bold', '\nNext: register the gateway in your client instead of its servers, for example');
  console.log(
    `   claude mcp add gw -- ${process.execPath} ${PROGRAM} serve --stdio --config ${resolve('mcp-gateway.yaml')}\n`,
  );
}

function run(...args: readonly string[]): void {
  execFileSync(process.execPath, [PROGRAM, ...args], { stdio: 'inherit', env: environment() });
}

function say(style: 'bold' | 'dim', text: string): void {
  console.log(styleText(style, text));
}

function shorten(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}

await playDay();
