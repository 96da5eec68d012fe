import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { styleText } from 'node:util';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';

/** Everything the demo writes lies here, and is made anew each time. */
export const PLACE = resolve('.mcp-gateway/demo');
export const PROGRAM = resolve('dist/main.js');

/** One moment for all commands, so that they speak of the same permit. */
const STARTED_MS = Date.now();
/** A machine that compiles the bundles for the first time may take a while. */
const PATIENCE_MS = 180_000;

type Args = Readonly<Record<string, unknown>>;
type Effect = 'allow' | 'deny' | 'pending';

interface Told {
  readonly effect: Effect;
  readonly isError: boolean;
  readonly warnings: readonly string[];
  readonly lines: readonly string[];
}

/** An agent at work behind the gateway, and the commands of the people around it. */
export class Day {
  readonly #client: Client;

  private constructor(client: Client) {
    this.#client = client;
  }

  /** Starts a gateway and waits until it shows tools of so many servers. */
  static async begin(servers: number, args: readonly string[] = []): Promise<Day> {
    const client = new Client({ name: 'demo', version: '1.0.0' }, { capabilities: { elicitation: { form: {} } } });
    client.setRequestHandler(ElicitRequestSchema, ({ params: { message } }) => {
      show('yellow', '?', message.split('\n'));
      return { action: 'accept', content: { answer: 'approve' } };
    });
    const serve = [PROGRAM, 'serve', '--stdio', ...args];
    await client.connect(
      new StdioClientTransport({ command: process.execPath, args: serve, env: environment(), stderr: 'inherit' }),
    );
    const day = new Day(client);
    await day.#untilServersShow(servers);
    return day;
  }

  async allowed(tool: string, args: Args): Promise<void> {
    const { lines } = await this.#call(tool, args, 'allow');
    show('green', '✓', [lines.map((line) => line.trim()).join(' ')]);
  }

  async denied(tool: string, args: Args): Promise<void> {
    show('red', '✗', (await this.#call(tool, args, 'deny')).lines);
  }

  async pending(tool: string, args: Args): Promise<void> {
    show('yellow', '…', (await this.#call(tool, args, 'pending')).lines);
  }

  async warned(tool: string, args: Args): Promise<void> {
    const { warnings } = await this.#call(tool, args, 'allow');
    if (warnings.length === 0) throw new Error(`${tool} was to come with a warning`);
    show('yellow', '!', warnings);
  }

  /** Allowed, and given up by the gateway because its time was over. */
  async givenUp(tool: string, args: Args): Promise<void> {
    const { isError, lines } = await this.#call(tool, args, 'allow');
    if (!isError) throw new Error(`${tool} was to be given up`);
    show('yellow', '⧖', lines);
  }

  /** Call after call, each with other arguments, until one is refused: at most so many. */
  async untilDenied(most: number, tool: string, argsOf: (time: number) => Args): Promise<void> {
    for (let time = 1; time <= most; time += 1) {
      const told = toldBy(await this.#client.callTool({ name: tool, arguments: argsOf(time) }));
      if (told.effect !== 'deny') continue;
      if (time === 1) throw new Error(`${tool} was refused at once: ${told.lines.join(' ')}`);
      console.log(styleText('dim', `   ${tool} × ${time}, each with other arguments`));
      return show('red', '✗', told.lines);
    }
    throw new Error(`${tool} was to be refused after at most ${most} calls`);
  }

  /** So many times, whatever comes of it. */
  async quietly(times: number, tool: string, args: Args): Promise<void> {
    for (let time = 0; time < times; time += 1) await this.#client.callTool({ name: tool, arguments: args });
    console.log(styleText('dim', `   ${tool} ${JSON.stringify(args)} × ${times}`));
  }

  /** What another agent does at the same time, in a session of its own. */
  async as(agent: string, work: (other: Day) => Promise<void>): Promise<void> {
    const other = await Day.begin(1, ['--agent', agent]);
    try {
      await work(other);
    } finally {
      await other.end();
    }
  }

  /** A command that somebody enters. */
  run(args: readonly string[], variables: Readonly<Record<string, string>> = {}): void {
    console.log(styleText('dim', `   $ mcp-gateway ${args.join(' ')}`));
    execFileSync(process.execPath, [PROGRAM, ...args], { stdio: 'inherit', env: { ...environment(), ...variables } });
  }

  /** What a command says to scripts. */
  read(...args: readonly string[]): Readonly<Record<string, unknown>> {
    console.log(styleText('dim', `   $ mcp-gateway ${args.join(' ')} --json`));
    const said = execFileSync(process.execPath, [PROGRAM, ...args, '--json'], { env: environment() });
    return JSON.parse(said.toString()) as Readonly<Record<string, unknown>>;
  }

  async end(): Promise<void> {
    await this.#client.close();
  }

  async #untilServersShow(servers: number): Promise<void> {
    const startedMs = performance.now();
    for (;;) {
      const { tools } = await this.#client.listTools();
      const seen = new Set(tools.map(({ name }) => name.split('__')[0])).size;
      const ms = Math.round(performance.now() - startedMs);
      if (seen >= servers) return console.log(styleText('dim', `   ${tools.length} tools of ${seen} servers`));
      if (ms > PATIENCE_MS) throw new Error(`only ${seen} of ${servers} servers show tools`);
      await wait(250);
    }
  }

  async #call(tool: string, args: Args, expected: Effect): Promise<Told> {
    console.log(styleText('dim', `   ${tool} ${shorten(JSON.stringify(args), 100)}`));
    const told = toldBy(await this.#client.callTool({ name: tool, arguments: args }));
    const { effect, lines } = told;
    if (effect !== expected) throw new Error(`${tool}: expected ${expected}, got ${effect}: ${lines.join(' ')}`);
    return told;
  }
}

function toldBy(result: Awaited<ReturnType<Client['callTool']>>): Told {
  const meta = result._meta as Readonly<Record<string, Decision | undefined>> | undefined;
  const { effect = 'allow', warnings = [] } = meta?.['mcp-gateway/decision'] ?? {};
  const [first] = result.content as readonly { readonly text?: string }[];
  return {
    effect,
    isError: result.isError === true,
    warnings: warnings.map(({ rule, text }) => `${text} [${rule}]`),
    lines: (first?.text ?? '').trim().split('\n'),
  };
}

interface Decision {
  readonly effect?: Effect;
  readonly warnings?: readonly { readonly rule: string; readonly text: string }[];
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

function show(colour: 'green' | 'red' | 'yellow', sign: string, lines: readonly string[]): void {
  for (const [index, line] of lines.entries()) {
    console.log(`   ${index === 0 ? styleText(colour, sign) : ' '} ${shorten(line, 160)}`);
  }
}

function shorten(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}
