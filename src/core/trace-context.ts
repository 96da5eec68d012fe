import { isJsonObject, type Json, type JsonObject } from './json.ts';

/** W3C Trace Context (https://www.w3.org/TR/trace-context/), in the words of its headers. */
export interface TraceContext {
  readonly traceparent: string;
  /** Absent where there is none. */
  readonly tracestate?: string;
}

const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:$|-)/;
/** Of a future version more may follow; of this one nothing may. */
const LONGEST_PARENT = 128;
/** What every party has to pass on. */
const LONGEST_STATE = 512;

/** What `_meta` or HTTP headers say; undefined where they say nothing, or what cannot be read. */
export function readTraceContext(
  traceparent: Json | readonly string[] | undefined,
  tracestate: Json | readonly string[] | undefined,
): TraceContext | undefined {
  if (typeof traceparent !== 'string' || traceparent.length > LONGEST_PARENT) return undefined;
  if (traceIdOf(traceparent) === '') return undefined;
  const isState = typeof tracestate === 'string' && tracestate.length <= LONGEST_STATE && STATE.test(tracestate);
  return isState ? { traceparent, tracestate } : { traceparent };
}

/** Printable and no end of a line: it is written into a header. */
const STATE = /^[\x20-\x7e]+$/;

/** Of `_meta` (SEP-414). */
export function traceContextIn(meta: JsonObject): TraceContext | undefined {
  const { traceparent, tracestate } = meta;
  return traceparent === undefined ? undefined : readTraceContext(traceparent, tracestate);
}

/** 32 hexadecimal digits, or empty. */
export function traceIdOf(traceparent: string): string {
  const parts = TRACEPARENT.exec(traceparent);
  if (parts === null || (traceparent.startsWith('00') && traceparent.length !== 55)) return '';
  return parts[1] ?? '';
}

/** Parameters whose `_meta` names another trace context than the one that came. */
export function withTraceContext(params: JsonObject, context: TraceContext | undefined): JsonObject {
  if (context === undefined) return params;
  const { _meta: meta = {} } = params;
  if (!isJsonObject(meta)) return params;
  const { traceparent: _, tracestate: __, ...others } = meta;
  return { ...params, _meta: { ...others, ...context } };
}
