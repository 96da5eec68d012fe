import { createTraceState, type SpanContext } from '@opentelemetry/api';
import type { TraceContext } from '../core/trace-context.ts';

/** As OpenTelemetry has it; of a context that has been read. */
export function spanContextOf({ traceparent, tracestate }: TraceContext): SpanContext {
  const [, traceId = '', spanId = '', flags = '00'] = traceparent.split('-');
  const traceFlags = Number.parseInt(flags.slice(0, 2), 16) & 1;
  const base = { traceId, spanId, traceFlags, isRemote: true };
  return tracestate === undefined ? base : { ...base, traceState: createTraceState(tracestate) };
}

/** As it is passed on. */
export function traceContextOf({ traceId, spanId, traceFlags, traceState }: SpanContext): TraceContext {
  const traceparent = `00-${traceId}-${spanId}-${(traceFlags & 1) === 1 ? '01' : '00'}`;
  const tracestate = traceState?.serialize() ?? '';
  return tracestate === '' ? { traceparent } : { traceparent, tracestate };
}
