import { randomUUID } from 'node:crypto';
import { text as readAll } from 'node:stream/consumers';
import { startApp } from '../app.ts';
import { localCaller } from '../app/local-caller.ts';
import { readKnownTools } from '../app/known-tools.ts';
import { lockPathOf } from '../config/lock-file.ts';
import type { LoadedConfig } from '../config/load.ts';
import { GatewayError } from '../core/errors.ts';
import { isJsonObject, type Json, type JsonObject } from '../core/json.ts';
import { writeJson } from '../core/lossless-json.ts';
import { DECISION_META_KEY } from '../core/names.ts';
import type { RpcAnswer } from '../core/rpc.ts';
import { parseRequestBytes } from '../core/strict-json.ts';
import { visibleJson } from '../core/visible-json.ts';
import type { Caller, ToolCallRequest } from '../gateway/port.ts';
import { SILENT_EXCHANGE } from '../gateway/silent-exchange.ts';
import { type ConfigOption, readConfig } from './config.ts';
import type { CommandContext } from './context.ts';
import { EXIT } from './exit.ts';
import { stderrLogger } from './log.ts';
import { announced } from './progress.ts';
import { clock } from './server-sign-ins.ts';
import { paint, printLine, printPage, type Terminal, visible } from './terminal.ts';
import { VERSION } from './version.ts';

export interface CallOptions extends ConfigOption {
  readonly args: string;
  readonly agent?: string;
  readonly exitStatus?: boolean;
  readonly json?: boolean;
}

/** Calls a tool through a gateway in this process, on the store of the others: decided, recorded, and counted like any call. */
export async function call(context: CommandContext, name: string, options: CallOptions): Promise<void> {
  const { terminal } = context;
  const loaded = readConfig(context, options);
  const args = await argumentsFrom(options.args, terminal);
  const caller = localCaller(loaded.config, {
    agent: options.agent,
    user: context.environment.user,
    version: VERSION,
    session: randomUUID(),
  });
  const work = answerTo(
    { method: 'tools/call', name, args, meta: {}, answers: undefined, task: undefined },
    {
      context,
      loaded,
      caller,
    },
  );
  const told = toldOf(await announced(terminal, `${visible(name)} is being called …`, work));
  if (options.exitStatus === true) context.setExit(exitOf(told));
  if (options.json === true) printPage(terminal, `${jsonText(name, told)}\n`);
  else print(terminal, told);
}

/** Throws USAGE where it is no JSON object as the gateway takes one. */
async function argumentsFrom(given: string, { in: input }: Terminal): Promise<JsonObject> {
  const text = given === '-' ? await readAll(input) : given;
  const parsed = parseRequestBytes(Buffer.from(text));
  if (parsed.kind === 'ok') return parsed.value;
  throw new GatewayError('USAGE', `the arguments are no JSON object: ${parsed.message}`, {
    mend: `Write --args '{"path": "notes.md"}', or --args - and give them on stdin.`,
  });
}

interface Calling {
  readonly context: CommandContext;
  readonly loaded: LoadedConfig;
  readonly caller: Caller;
}

async function answerTo(request: ToolCallRequest, { context, loaded, caller }: Calling): Promise<RpcAnswer> {
  const { config, secrets, path, commands } = loaded;
  const { variables, home, cache, user } = context.environment;
  const { catalog } = await readKnownTools(config);
  const app = await startApp({
    config,
    lockPath: lockPathOf(path),
    commands,
    secrets,
    home,
    cache,
    version: VERSION,
    owner: config.gateway.principal.user.id ?? user,
    login: user,
    host: { platform: process.platform, nodePath: process.execPath, environment: variables },
    timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    clock,
    logger: stderrLogger('error', secrets),
  });
  try {
    await app.ready;
    const item = catalog.listing.find(
      (one) => one.exposedName === request.name || `${one.server}/${one.name}` === request.name,
    );
    // What was never listed is listed first, as every client does.
    if (item === undefined)
      await app.gateway.answer({ method: 'tools/list', cursor: undefined, meta: {} }, caller, SILENT_EXCHANGE);
    return await app.gateway.answer({ ...request, name: item?.exposedName ?? request.name }, caller, SILENT_EXCHANGE);
  } finally {
    await app.gateway.endSession(caller.session).catch(() => undefined);
    await app.close();
  }
}

interface Told {
  readonly effect: 'allow' | 'deny' | 'pending';
  readonly decision: string;
  readonly reasons: readonly string[];
  readonly isError: boolean;
  /** What the agent would get; null where it is an error of the protocol. */
  readonly result: JsonObject | null;
  readonly error: JsonObject | null;
}

/** Reads what every answer carries of its decision. */
function toldOf(answer: RpcAnswer): Told {
  const result = answer.kind === 'result' ? answer.result : null;
  const error = answer.kind === 'failure' ? { code: answer.error.code, message: answer.error.message } : null;
  const meta = result?.['_meta'];
  const data = answer.kind === 'failure' ? answer.error.data : undefined;
  const decision = isJsonObject(meta) ? meta[DECISION_META_KEY] : data;
  const said = isJsonObject(decision) ? decision : {};
  const { effect, reasons, metadata } = said;
  return {
    effect: effect === 'deny' || effect === 'pending' ? effect : said['allow'] === false ? 'deny' : 'allow',
    decision: textIn(isJsonObject(metadata) ? metadata['decision_id'] : undefined),
    reasons: Array.isArray(reasons) ? reasons.map(textIn) : [],
    isError: error !== null || result?.['isError'] === true,
    result,
    error,
  };
}

function textIn(value: Json | undefined): string {
  return typeof value === 'string' ? value : '';
}

function exitOf({ effect, isError }: Told): number {
  if (effect !== 'allow') return EXIT.refused;
  return isError ? EXIT.failed : EXIT.done;
}

/** Not by `JSON.stringify`: what the server says keeps its big integers. */
function jsonText(tool: string, { isError, ...told }: Told): string {
  return visibleJson(writeJson({ schema: 'mcp-gateway/tool-call/v1', ok: true, tool, ...told, is_error: isError }));
}

const STYLES = { allow: 'green', deny: 'red', pending: 'yellow' } as const;
const WORDS = { allow: 'ALLOWED', deny: 'DENIED', pending: 'WAITS FOR APPROVAL' } as const;

function print(terminal: Terminal, { effect, decision, reasons, result, error }: Told): void {
  const why = reasons.length === 0 ? '' : `  ${reasons.join(' ')}`;
  printLine(terminal, `${paint(terminal, STYLES[effect], WORDS[effect])}  ${decision}${visible(why)}`);
  if (error !== null) printLine(terminal, textIn(error['message']));
  for (const block of blocksOf(result)) printLine(terminal, block);
  if (decision !== '') printLine(terminal, paint(terminal, 'dim', `mcp-gateway explain ${decision} says more.`));
}

function blocksOf(result: JsonObject | null): readonly string[] {
  const content = result?.['content'];
  if (!Array.isArray(content)) return result === null ? [] : [writeJson(result)];
  return content.map((block: Json) => {
    if (!isJsonObject(block)) return '';
    return typeof block['text'] === 'string' ? block['text'] : `[${textIn(block['type'])}]`;
  });
}
