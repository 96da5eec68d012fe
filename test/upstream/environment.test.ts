import { expect, test } from 'vitest';
import { serverEnvironment } from '../../src/upstream/environment.ts';

test('G-29 of the gateway’s own variables a server gets those of the allow list and no secret', () => {
  const own = {
    PATH: '/bin',
    HOME: '/h',
    LC_TIME: 'C',
    GITHUB_TOKEN: 'canary',
    MCP_GATEWAY_APPROVER_KEY: 'canary',
    LC_X: '() { x; }',
  };
  expect(serverEnvironment(own, { A: '1', B: undefined }, 'linux')).toEqual({
    PATH: '/bin',
    HOME: '/h',
    LC_TIME: 'C',
    A: '1',
  });
});

test('on Windows names are one whatever their case, and the configuration wins', () => {
  const own = { Path: 'C:\\a', SystemRoot: 'C:\\Windows', SECRET: 'canary' };
  expect(serverEnvironment(own, { PATH: 'C:\\b' }, 'win32')).toEqual({ PATH: 'C:\\b', SystemRoot: 'C:\\Windows' });
});

test('a variable that is called like a part of the prototype is a variable', () => {
  const configured = JSON.parse('{"__proto__":"x","constructor":"y"}');
  expect(Object.entries(serverEnvironment({}, configured, 'linux'))).toEqual([
    ['__proto__', 'x'],
    ['constructor', 'y'],
  ]);
});
