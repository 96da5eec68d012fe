import { RPC, type RpcAnswer } from '../core/rpc.ts';
import type { JsonObject } from '../core/json.ts';
import { type TraceContext, withTraceContext } from '../core/trace-context.ts';
import type { Directory } from './directory.ts';
import type { Exposure } from './exposure.ts';
import { forward } from './forward.ts';
import type { Asked } from './govern.ts';
import type { GovernedServer } from './governed-server.ts';
import type { Governing } from './governing.ts';
import type { Instances } from './instances.ts';
import { relayTo } from './notices.ts';
import { endSending, traceOf } from './observing.ts';
import type { OtherRequest } from './port.ts';
import { type Ruling, rule } from './rule.ts';
import { withoutQuestions } from './upstream-errors.ts';

export interface OtherMethodParts extends Governing {
  readonly directory: Directory;
  readonly exposure: Exposure;
  readonly instances: Instances;
  /** `gateway.methods.allow`: `<method>`, or `<server>:<method>`. */
  readonly allowedMethods: readonly string[];
}

/**
 * The way of a method that the gateway does not know. No policy can read it, so the configuration has to list it; it
 * then goes to the server that is listed with it, or to the only one there is. All others are refused, and recorded too.
 */
export async function answerOther(asked: Asked<OtherRequest>, parts: OtherMethodParts): Promise<RpcAnswer> {
  const { log, clock } = parts;
  const server = serverFor(asked, parts);
  const ruling = decide(asked, server, parts);
  const startedMs = clock.monotonic();
  await log.append({ ...ruling.record, input: { method: asked.request.asked } });
  asked.observation?.decided(ruling.record, false);
  if (server === undefined) return refused(asked.request.asked);

  const recordUs = Math.round((clock.monotonic() - startedMs) * 1000);
  const sending = asked.observation?.forward(server.id);
  const forwarded = await forward(() => send(asked, server, { ...parts, trace: sending?.context }), server.id, clock);
  if (sending !== undefined) endSending(sending, forwarded);
  const kept = { id: ruling.record.id, withheld: false, record_us: recordUs, settled: [] };
  if (forwarded.kind === 'said') return forwarded.answer;
  log.settle({ ...kept, status: forwarded.status, ms: forwarded.ms });
  return forwarded.kind === 'answered' ? forwarded.answer : brokenOff(forwarded.text, ruling);
}

/** Undefined where the method is not listed, or for more than one server, or for one that the agent may not reach. */
function serverFor({ request, caller }: Asked<OtherRequest>, parts: OtherMethodParts): GovernedServer | undefined {
  const { allowedMethods, directory, exposure } = parts;
  const servers = [...directory.servers.values()];
  const named = servers.filter(({ id }) => allowedMethods.includes(`${id}:${request.asked}`));
  const meant = named.length === 0 && allowedMethods.includes(request.asked) ? servers : named;
  const [only] = meant;
  return meant.length === 1 && only !== undefined && exposure.reachOf(only, caller) === 'reached' ? only : undefined;
}

function decide(asked: Asked<OtherRequest>, server: GovernedServer | undefined, { court }: OtherMethodParts): Ruling {
  const { request, caller, exchange, observation } = asked;
  const denial = {
    reason: 'gateway.method_not_allowed',
    internal: '',
    rules: [],
    params: { method: request.asked },
  };
  const ruling = rule(
    {
      caller,
      action: 'method',
      server: server?.id ?? '',
      tool: '',
      own: server === undefined ? [denial] : [],
      input: undefined,
      dropped: exchange.dropped,
      traceId: traceOf(asked),
    },
    court(),
  );
  observation?.ruled();
  return ruling;
}

async function send(
  { request, caller, exchange }: Asked<OtherRequest>,
  server: GovernedServer,
  { instances, trace }: Pick<OtherMethodParts, 'instances'> & { readonly trace: TraceContext | undefined },
): Promise<RpcAnswer> {
  const { asked: method, params, meta } = request;
  const { signal, onProgress, logLevel } = exchange;
  const whole: JsonObject = Object.keys(meta).length === 0 ? params : { ...params, _meta: meta };
  const own = withTraceContext(whole, trace);
  const options = { signal, onProgress, logLevel, onNotification: relayTo(exchange) };
  return withoutQuestions(await instances.send({ server, caller, method, params: own, options }), server.id, method);
}

function refused(method: string): RpcAnswer {
  return failureOf(RPC.methodNotFound, `The method ${method} is not available here.`);
}

function brokenOff(text: string, { record }: Ruling): RpcAnswer {
  return failureOf(RPC.internalError, `${text}\nDecision ${record.id}`);
}

function failureOf(code: number, message: string): RpcAnswer {
  return { kind: 'failure', error: { code, message } };
}
