import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ERRORS } from '../../src/core/errors.ts';
import { OWN_REASONS } from '../../src/gateway/own-reasons.ts';

const PAGE = readFileSync('docs/troubleshooting.md', 'utf8');
const SOURCES = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => readFileSync(join('src', path), 'utf8'))
  .join('\n');

test('each line of the log on the page is one that the gateway writes', () => {
  const table = PAGE.slice(PAGE.indexOf('## Log lines'), PAGE.indexOf('## Commands'));
  const lines = [...table.matchAll(/^\| `([^`]+)`/gm)].map(([, line = '']) => line);
  expect(lines.length).toBeGreaterThan(10);
  expect(lines.filter((line) => !SOURCES.includes(line))).toEqual([]);
});

test('each code on the page is one that the gateway has', () => {
  const reasons = [...PAGE.matchAll(/`gateway\.(\w+)/g)].map(([, name = '']) => name);
  const settings = ['limits', 'auth', 'principal'];
  expect(reasons.filter((name) => OWN_REASONS[name] === undefined && !settings.includes(name))).toEqual([]);
  const errors = [...PAGE.matchAll(/`([A-Z]+_[A-Z]+)`/g)].map(([, code = '']) => code);
  expect(errors.filter((code) => !(code in ERRORS))).toEqual([]);
});
