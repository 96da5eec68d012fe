import { expect, test } from 'vitest';
import type { LogFormat } from '../../src/cli/log-options.ts';
import { logger } from '../../src/cli/log.ts';
import type { LogFields } from '../../src/core/logger.ts';

function linesOf(format: LogFormat, message: string, fields: LogFields = {}): readonly string[] {
  const lines: string[] = [];
  const log = logger('info', { secrets: ['hunter2-hunter2'], format, write: (line) => void lines.push(line) });
  log.debug('not told');
  log.warn(message, fields);
  return lines;
}

test('a line is an object with its level, its time, its message and what stands beside it', () => {
  const [line = '', ...others] = linesOf('json', 'it failed', { decision: 'd-1', trace_id: 't-1' });
  expect(others).toEqual([]);
  expect(JSON.parse(line)).toEqual({
    level: 40,
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    msg: 'it failed',
    decision: 'd-1',
    trace_id: 't-1',
  });
});

test('in words it is one line all the same, whatever stands in it', () => {
  const [line = ''] = linesOf('text', 'it\nfailed', { problem: 'one "two"\n\u001b[31m\u202e', many: ['a', 'b'] });
  expect(line.replace(/^\S+/, 'TIME')).toBe(
    String.raw`TIME WARN  it\nfailed problem="one \"two\"\n\u001b[31m\u202e" many=["a","b"]` + '\n',
  );
});

test.each<LogFormat>(['json', 'text'])('a secret is dots in %s', (format) => {
  const [line = ''] = linesOf(format, 'said hunter2-hunter2', { problem: 'hunter2-hunter2' });
  expect(line).not.toContain('hunter2');
  expect(line.match(/••••/g)).toHaveLength(2);
});
