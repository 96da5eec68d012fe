import { expect, test } from 'vitest';
import { programOf, type Files } from '../../src/upstream/program.ts';

/** What npm writes for a program of a package. */
function shim(script: string): string {
  return `@ECHO off
GOTO start
:find_dp0
SET dp0=%~dp0
EXIT /b
:start
SETLOCAL
CALL :find_dp0
IF EXIST "%dp0%\\node.exe" (
  SET "_prog=%dp0%\\node.exe"
) ELSE (
  SET "_prog=node"
)
endLocal & goto #_undefined_# 2>NUL || title %COMSPEC% & "%_prog%"  "%dp0%\\${script}" %*
`;
}

const table: Readonly<Record<string, string>> = {
  'C:\\node\\node_modules\\npm\\bin\\npx-cli.js': '',
  'C:\\node\\node_modules\\npm\\bin\\npm-cli.js': '',
  'C:\\npm\\mcp-memory.cmd': shim('node_modules\\memory\\index.js'),
  'C:\\npm\\old.cmd': '@"%~dp0\\cli.mjs" %*',
  'C:\\npm\\other.bat': '@call other.exe %*',
  'C:\\tools\\uvx.exe': '',
};
const disk: Files = { has: (file) => file in table, read: (file) => table[file] ?? '' };
const windows = { platform: 'win32', nodePath: 'C:\\node\\node.exe', environment: { Path: 'C:\\tools;C:\\npm' } };

test.for([
  ['npx', ['C:\\node\\node.exe', 'C:\\node\\node_modules\\npm\\bin\\npx-cli.js']],
  ['npx.cmd', ['C:\\node\\node.exe', 'C:\\node\\node_modules\\npm\\bin\\npx-cli.js']],
  ['npm', ['C:\\node\\node.exe', 'C:\\node\\node_modules\\npm\\bin\\npm-cli.js']],
  ['mcp-memory', ['C:\\node\\node.exe', 'C:\\npm\\node_modules\\memory\\index.js']],
  ['C:\\npm\\mcp-memory.cmd', ['C:\\node\\node.exe', 'C:\\npm\\node_modules\\memory\\index.js']],
  ['old', ['C:\\node\\node.exe', 'C:\\npm\\cli.mjs']],
  ['uvx', ['uvx']],
  ['docker.exe', ['docker.exe']],
  ['no-such', ['no-such']],
] as const)('on Windows %s is started without a shell', ([command, [program, ...before]]) => {
  const started = programOf({ command, args: ['-y', 'x & calc'] }, windows, disk);
  expect(started).toEqual({ command: program, args: [...before, '-y', 'x & calc'] });
});

test('a batch file of another kind is refused, with what to do', () => {
  expect(() => programOf({ command: 'other', args: [] }, windows, disk)).toThrow(
    '"other" is a batch file, which cannot be run without a shell.',
  );
});

test('on POSIX a command is what it is', () => {
  const given = { command: 'npx', args: ['-y', 'x'] };
  expect(programOf(given, { ...windows, platform: 'linux' }, disk)).toBe(given);
});
