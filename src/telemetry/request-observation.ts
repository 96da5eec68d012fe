import { type Attributes, ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Observation, ObservedRequest, Sending } from '../core/observer.ts';
import type { DecisionRecord } from '../core/record.ts';
import type { RpcAnswer } from '../core/rpc.ts';
import { spanContextOf, traceContextOf } from './context.ts';
import type { ObservingParts } from './observe.ts';
import { placeAttributes, placeLabels, roadLabels } from './places.ts';
import {
  decisionAttributes,
  errorOf,
  errorOfServer,
  methodLabel,
  opinionAttributes,
  spanName,
  statusCodeOf,
  targetAttributes,
  targetName,
  versionLabel,
} from './span-facts.ts';
import { OTHER } from './bounded.ts';

/** Of what a client writes itself, in characters. */
const LONGEST_WORD = 64;

/** One request: a span towards its client, one below it for each decision, and one for each time that it goes to a server. */
export class RequestObservation implements Observation {
  readonly traceId: string;
  readonly #request: ObservedRequest;
  readonly #parts: ObservingParts;
  readonly #span: Span | undefined;
  /** The same moment on both clocks. */
  readonly #begun: { readonly wallMs: number; readonly atMs: number };
  #ruledAtMs = 0;
  #record: DecisionRecord | undefined;
  #isPinned = false;
  /** How long servers took. */
  #awayMs = 0;

  constructor(request: ObservedRequest, parts: ObservingParts) {
    const { clock, tracer } = parts;
    this.#request = request;
    this.#parts = parts;
    this.#begun = { wallMs: clock.now(), atMs: clock.monotonic() };
    if (tracer !== undefined) this.#span = this.#startSpan(tracer);
    this.traceId = this.#span?.spanContext().traceId ?? '';
  }

  ruled(): void {
    this.#ruledAtMs = this.#parts.clock.monotonic();
  }

  decided(record: DecisionRecord, isPinned: boolean): void {
    this.#record = record;
    this.#isPinned = isPinned;
    if (this.#span?.isRecording() !== true) return;
    this.#span
      .updateName(spanName(this.#request.method, record))
      .setAttributes(targetAttributes(record))
      // The last one, where a call was held for an approval.
      .setAttributes({ 'mcp_gateway.decision': record.effect, 'mcp_gateway.decision.id': record.id });
    const endsAt = this.#wallOf(this.#ruledAtMs);
    const startTime = Math.max(this.#begun.wallMs, endsAt - record.latency_us.decide / 1000);
    const evaluating = this.#child('policy.evaluate', {
      kind: SpanKind.INTERNAL,
      attributes: decisionAttributes(record),
      startTime,
    });
    for (const opinion of record.layers) evaluating?.addEvent('policy.opinion', opinionAttributes(opinion), endsAt);
    evaluating?.end(endsAt);
  }

  forward(server: string): Sending {
    const { method } = this.#request;
    const { clock, instruments } = this.#parts;
    const startedAtMs = clock.monotonic();
    const span = this.#startSending(server, this.#wallOf(startedAtMs));
    const context = span === undefined ? undefined : traceContextOf(span.spanContext());
    const labels = { ...this.#common(method), ...placeLabels(server, this.#parts.placeOf(server)) };
    return {
      context,
      end: (status, answer) => {
        const endedAtMs = clock.monotonic();
        this.#awayMs += endedAtMs - startedAtMs;
        const error = answer === undefined ? (status === 'said' ? undefined : status) : errorOfServer(answer);
        const ending = endLabels(error, answer);
        instruments.note('clientOperation', (endedAtMs - startedAtMs) / 1000, { ...labels, ...ending });
        if (span !== undefined) endSpan(span, { error, answer, endsAt: this.#wallOf(endedAtMs) });
      },
    };
  }

  end(answer: RpcAnswer | undefined): void {
    const { clock, instruments } = this.#parts;
    const { caller, method, origin } = this.#request;
    const endedAtMs = clock.monotonic();
    const tookMs = endedAtMs - this.#begun.atMs;
    const error = errorOf(answer);
    const labels = {
      ...this.#common(method),
      ...roadLabels(origin?.road.kind),
      'mcp.protocol.version': versionLabel(caller.client.protocol),
      ...endLabels(error, answer),
    };
    instruments.note('serverOperation', tookMs / 1000, labels);
    instruments.note('overhead', Math.max(0, tookMs - this.#awayMs) / 1000);
    if (this.#span !== undefined) endSpan(this.#span, { error, answer, endsAt: this.#wallOf(endedAtMs) });
  }

  #startSpan(tracer: NonNullable<ObservingParts['tracer']>): Span {
    const { method, caller, origin, context } = this.#request;
    const ofHttp = origin?.road.context;
    const parent = context ?? ofHttp;
    // What a proxy has begun is another trace than the one that the agent is in.
    const links = context !== undefined && ofHttp !== undefined ? [{ context: spanContextOf(ofHttp) }] : [];
    const around = parent === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, spanContextOf(parent));
    const startTime = this.#begun.wallMs;
    const span = tracer.startSpan(methodLabel(method), { kind: SpanKind.SERVER, links, startTime }, around);
    // No sampler looks at them, and of most traces nobody ever does.
    if (!span.isRecording()) return span;
    return span.setAttributes({
      'mcp.method.name': method.slice(0, LONGEST_WORD),
      'mcp.protocol.version': caller.client.protocol,
      ...roadLabels(origin?.road.kind),
      ...(origin !== undefined && { 'jsonrpc.request.id': String(origin.id).slice(0, LONGEST_WORD) }),
      ...(caller.era === 'session' && { 'mcp.session.id': caller.session }),
    });
  }

  #startSending(server: string, startTime: number): Span | undefined {
    const { method } = this.#request;
    const record = this.#record;
    const target = record === undefined ? '' : targetName(record);
    const span = this.#child(target === '' ? method : `${method} ${target}`, { kind: SpanKind.CLIENT, startTime });
    if (span?.isRecording() !== true) return span;
    return span.setAttributes({
      'mcp.method.name': method,
      ...placeAttributes(this.#parts.placeOf(server)),
      'mcp_gateway.server': server,
      ...(record !== undefined && targetAttributes(record)),
    });
  }

  #child(
    name: string,
    options: { readonly kind: SpanKind; readonly attributes?: Attributes; readonly startTime: number },
  ): Span | undefined {
    const { tracer } = this.#parts;
    if (tracer === undefined || this.#span === undefined) return undefined;
    return tracer.startSpan(name, options, trace.setSpan(ROOT_CONTEXT, this.#span));
  }

  #common(method: string): Attributes {
    const tool = this.#record?.tool ?? '';
    return {
      'mcp.method.name': methodLabel(method),
      ...(method === 'tools/call' && { 'gen_ai.operation.name': 'execute_tool' }),
      ...(this.#isPinned && tool !== '' && { 'gen_ai.tool.name': tool }),
    };
  }

  #wallOf(atMs: number): number {
    return this.#begun.wallMs + (atMs - this.#begun.atMs);
  }
}

interface Ending {
  readonly error: string | undefined;
  readonly answer: RpcAnswer | undefined;
  readonly endsAt: number;
}

function endSpan(span: Span, { error, answer, endsAt }: Ending): void {
  span.setAttributes(statusCodeOf(answer));
  if (error !== undefined) span.setAttribute('error.type', error).setStatus({ code: SpanStatusCode.ERROR });
  span.end(endsAt);
}

function endLabels(error: string | undefined, answer: RpcAnswer | undefined): Attributes {
  return {
    ...(error !== undefined && { 'error.type': /^-?\d+$/.test(error) ? codeLabel(error) : error }),
    ...(answer?.kind === 'failure' && { 'rpc.response.status_code': codeLabel(String(answer.error.code)) }),
  };
}

/** Servers may answer with any code; of those few are known. */
function codeLabel(code: string): string {
  return KNOWN_CODES.has(code) ? code : OTHER;
}

const KNOWN_CODES: ReadonlySet<string> = new Set(
  [-32700, -32600, -32601, -32602, -32603, -32002, -32042, -32001, -32003, -32004, 4030].map(String),
);
