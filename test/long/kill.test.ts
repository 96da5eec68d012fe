import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { aPlace, decisionsOf, PROGRAM, type Place } from '../e2e/program.ts';

const ROUNDS = 200;

interface Decided {
  readonly effect: string;
  readonly input: { readonly action: { readonly args: { readonly text?: string } } };
}

test(`F-01 kill -9 at any point leaves no call upstream without a committed allow (${ROUNDS} rounds)`, async () => {
  const place = journalPlace();
  for (let round = 0; round < ROUNDS; round++) await callUntilKilled(place, round);

  const decisions = await decisionsOf<Decided>(place);
  const allowed = new Set(
    decisions.filter(({ effect }) => effect === 'allow').map(({ input }) => input.action.args.text),
  );
  const received = journalOf(place);
  expect(received.length).toBeGreaterThan(ROUNDS);
  expect(received.filter((text) => !allowed.has(text))).toEqual([]);
});

function journalPlace(): Place {
  return aPlace(
    (folder) => `version: 1
gateway: { toolNames: plain }
decisions: { durability: normal, arguments: full }
mcpServers:
  journal:
    command: ${process.execPath}
    args: [${resolve('servers/journal/server.mjs')}, ${join(folder, 'journal')}]
`,
  );
}

/** Sends calls as fast as they are answered, and kills the gateway somewhere in between. */
async function callUntilKilled(place: Place, round: number): Promise<void> {
  const gateway = spawn(process.execPath, [PROGRAM, 'serve', '--stdio', '--config', place.config], {
    env: place.env,
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const calls = sendCalls(gateway, round);
  await calls.firstAnswer;
  await new Promise((wait) => setTimeout(wait, Math.random() * 400));
  gateway.kill('SIGKILL');
  await new Promise((ended) => gateway.once('close', ended));
}

function sendCalls(gateway: ChildProcess, round: number): { readonly firstAnswer: Promise<void> } {
  let next = 0;
  const send = (message: object): void => {
    gateway.stdin?.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  };
  const call = (): void => {
    const id = next++;
    send({ id, method: 'tools/call', params: { name: 'write', arguments: { text: `${round}.${id}` } } });
  };
  gateway.stdin?.on('error', () => undefined);
  send({
    id: 'hello',
    method: 'initialize',
    params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'kill', version: '1' } },
  });
  return {
    firstAnswer: new Promise((answered) => {
      let answers = 0;
      gateway.stdout?.setEncoding('utf8').on('data', (text: string) => {
        for (const _line of text.split('\n').filter((line) => line.includes('"id"'))) {
          if (answers++ === 0) {
            send({ method: 'notifications/initialized' });
            for (let inFlight = 0; inFlight < 8; inFlight++) call();
          } else {
            answered();
            call();
          }
        }
      });
    }),
  };
}

function journalOf(place: Place): readonly string[] {
  const file = join(place.folder, 'journal');
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => (JSON.parse(line) as { arguments: { text: string } }).arguments.text);
}
