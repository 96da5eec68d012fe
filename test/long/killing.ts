import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import { PROGRAM, type Place } from '../e2e/program.ts';

/** Milliseconds within which a kill falls, counted from the first answered call or, each so many rounds, the start. */
export const KILL_WITHIN_MS = 400;
const KILLED_EARLY = 5;
const IN_FLIGHT = 8;

/** Sends calls as fast as they are answered, and kills the gateway somewhere in between. `name` begins their texts. */
export async function callUntilKilled(place: Place, round: number, name = ''): Promise<void> {
  const gateway = startGateway(place);
  const ended = new Promise((settle) => gateway.once('close', settle));
  const answered = callOn(gateway, `${name}${round}`);
  // Some are killed while they start, whatever they have come to by then.
  if (round % KILLED_EARLY === 0) answered.catch(() => undefined);
  else await answered;
  await wait(Math.random() * KILL_WITHIN_MS);
  gateway.kill('SIGKILL');
  await ended;
}

export function startGateway(place: Place): ChildProcess {
  return spawn(process.execPath, [PROGRAM, 'serve', '--stdio', '--config', place.config], {
    env: place.env,
    stdio: ['pipe', 'pipe', 'ignore'],
  });
}

/**
 * Greets, then keeps some calls of `write` in flight for as long as there are answers, each with a text of its own that
 * begins with `name`. Resolves when the first call is answered.
 */
export function callOn(
  gateway: ChildProcess,
  name: string,
  onAnswer: (line: string) => void = () => undefined,
): Promise<void> {
  let next = 0;
  const send = (message: object): void => {
    gateway.stdin?.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  };
  const call = (): void => {
    const id = next++;
    send({ id, method: 'tools/call', params: { name: 'write', arguments: { text: `${name}.${id}` } } });
  };
  // A gateway that is killed reads nothing more.
  gateway.stdin?.on('error', () => undefined);
  const clientInfo = { name: 'kill', version: '1' };
  send({ id: 'hello', method: 'initialize', params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo } });
  return new Promise((settle, fail) => {
    gateway.once('exit', () => fail(new Error('the gateway ended before it answered a call')));
    onLines(gateway, (line) => {
      if (!line.includes('"id"')) return undefined;
      if (!line.includes('"hello"')) {
        onAnswer(line);
        settle();
        return call();
      }
      send({ method: 'notifications/initialized' });
      for (let inFlight = 0; inFlight < IN_FLIGHT; inFlight++) call();
      return undefined;
    });
  });
}

function onLines(gateway: ChildProcess, take: (line: string) => void): void {
  let rest = '';
  gateway.stdout?.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) take(line);
  });
}
