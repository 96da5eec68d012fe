import { expect, test } from 'vitest';
import { readTraceContext, traceIdOf, withTraceContext } from '../../src/core/trace-context.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const PARENT = `00-${TRACE}-b7ad6b7169203331-01`;

test.each([
  [PARENT, TRACE],
  [`01-${TRACE}-b7ad6b7169203331-01-more`, TRACE],
  [`${PARENT}-more`, ''],
  [`ff-${TRACE}-b7ad6b7169203331-01`, ''],
  [`00-${'0'.repeat(32)}-b7ad6b7169203331-01`, ''],
  [`00-${TRACE}-${'0'.repeat(16)}-01`, ''],
  [PARENT.toUpperCase(), ''],
  ['', ''],
])('%j is of the trace %j', (traceparent, trace) => {
  expect(traceIdOf(traceparent)).toBe(trace);
});

test.each([
  ['vendor=1', { traceparent: PARENT, tracestate: 'vendor=1' }],
  ['vendor=1\r\nevil: 1', { traceparent: PARENT }],
  ['x'.repeat(513), { traceparent: PARENT }],
  [7, { traceparent: PARENT }],
  [undefined, { traceparent: PARENT }],
])('of the state %j goes on what may stand in a header', (tracestate, context) => {
  expect(readTraceContext(PARENT, tracestate)).toEqual(context);
});

test('parameters get the context in the place of the one that came, and nothing else changes', () => {
  const params = { name: 'a', _meta: { traceparent: 'old', tracestate: 'old=1', key: 1 } };
  expect(withTraceContext(params, { traceparent: PARENT })).toEqual({
    name: 'a',
    _meta: { traceparent: PARENT, key: 1 },
  });
  expect(withTraceContext({ name: 'a' }, { traceparent: PARENT })).toEqual({
    name: 'a',
    _meta: { traceparent: PARENT },
  });
  expect(withTraceContext(params, undefined)).toBe(params);
});
