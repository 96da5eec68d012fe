import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { type Announce, approvalNotices, type NoticeOptions } from '../../src/app/approval-notices.ts';
import { type Desktop, noticeCommand } from '../../src/app/notice-command.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { Logger } from '../../src/core/logger.ts';
import type { ApprovalFact } from '../../src/core/record.ts';
import { aRecord, silent } from '../state/records.ts';
import { aFolder } from '../state/support.ts';

/** Ends programs, opens markup, starts scripts, hides and turns text. */
const HOSTILE = `--help" & <b>x</b> $(touch pwned) '; \`id\` \u001b[2J\u202etxt\n${'y'.repeat(500)}`;
const SECRET = 'not-to-be-shown';

/** A machine with a program of this name. */
function aDesktop(platform: string, name: string, environment: Desktop['environment'] = {}): Desktop {
  const folder = aFolder();
  writeFileSync(join(folder, name), '');
  return { platform, environment: { PATH: folder, DISPLAY: ':0', JOURNAL_TOKEN: SECRET, ...environment } };
}

test.for([
  ['linux', 'notify-send', {}],
  ['darwin', 'osascript', {}],
  ['win32', 'x', { SystemRoot: 'C:\\Windows' }],
] as const)('on %s what is shown is data to the program that shows it, and it is given no secret', (row) => {
  const [platform, name, environment] = row;
  const notice = { title: HOSTILE, text: HOSTILE };
  const harmless = noticeCommand(aDesktop(platform, name, environment), { title: 'a', text: 'b' });
  const command = noticeCommand(aDesktop(platform, name, environment), notice);
  if (command === undefined || harmless === undefined) throw new Error('no command');
  expect(command.args.length).toBe(harmless.args.length);
  const shown = [...command.args, ...Object.values(command.environment)].filter((one) => one.includes('touch pwned'));
  expect(shown).toHaveLength(2);
  for (const text of shown) {
    expect(text).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    // Where it is an argument, it is never the first that begins with a hyphen.
    expect(text.startsWith('-') && !command.args.includes('--') && command.args.includes(text)).toBe(false);
    expect(text.length).toBeLessThan(300);
  }
  expect(JSON.stringify(command)).not.toContain(SECRET);
});

test.for([
  ['there is no screen', 'linux', 'notify-send', { DISPLAY: '' }],
  ['the program is not there', 'linux', 'other', {}],
  ['the program lies in the working folder', 'linux', 'notify-send', { PATH: '.' }],
  ['somebody is signed in from elsewhere', 'darwin', 'osascript', { SSH_CONNECTION: '10.0.0.1 1 10.0.0.2 22' }],
  ['it is a service', 'win32', 'x', { SystemRoot: 'C:\\Windows', SESSIONNAME: 'Services' }],
] as const)('nothing is run where %s', ([, platform, name, environment]) => {
  expect(noticeCommand(aDesktop(platform, name, environment), { title: 'a', text: 'b' })).toBeUndefined();
});

interface Desk {
  readonly announce: Announce | undefined;
  readonly shown: () => readonly string[];
  readonly time: { ms: number };
}

/** A desktop whose program writes down what it was to show. */
function aDesk(notify: string, part: Partial<NoticeOptions> = {}): Desk {
  const folder = aFolder();
  const [log, bin] = [join(folder, 'shown'), join(folder, 'bin')];
  mkdirSync(bin);
  writeFileSync(join(bin, 'notify-send'), `#!/bin/sh\nprintf '%s|' "$@" >> '${log}'\nprintf '\\n' >> '${log}'\n`);
  chmodSync(join(bin, 'notify-send'), 0o755);
  const path = join(folder, 'mcp-gateway.yaml');
  writeFileSync(
    path,
    JSON.stringify({ version: 1, mcpServers: {}, approvals: { notify, groups: { leads: ['maya'] } } }),
  );
  const { config } = loadConfig({ path, environment: {}, workingFolder: folder, home: folder, userHome: folder });
  const time = { ms: 0 };
  const environment = { PATH: `${bin}:/usr/bin:/bin`, DISPLAY: ':0' };
  const announce = approvalNotices({
    config,
    host: { platform: 'linux', nodePath: process.execPath, environment },
    clock: { now: () => time.ms, monotonic: () => time.ms },
    logger: silent,
    login: 'maya',
    isAtDesktop: true,
    ...part,
  });
  const shown = (): readonly string[] => (existsSync(log) ? readFileSync(log, 'utf8').split('\n').slice(0, -1) : []);
  return { announce, shown, time };
}

function waiting(id: string, fact: Partial<ApprovalFact> = {}): Parameters<Announce>[0] {
  const record = aRecord({ effect: 'pending', server: 'mail', tool: 'send', id });
  const approvals: readonly ApprovalFact[] = [{ by: 'user', status: 'open', id, ...fact }];
  return { ...record, combine: { ...record.combine, approvals } };
}

test('one that waits is shown once, and of many at once the others are counted', async () => {
  const { announce, shown, time } = aDesk('auto');
  for (const id of ['01a2011a-6821-7000', '01a2011a-6821-7000', '01a2011a-6822-7000', '01a2011a-6823-7000']) {
    announce?.(waiting(id));
  }
  await vi.waitFor(() => expect(shown()).toHaveLength(1));
  time.ms += 20_000;
  announce?.(waiting('01a2011a-6824-7000'));
  await vi.waitFor(() => expect(shown()).toHaveLength(2));
  const [first, second] = shown();
  expect(first).toMatch(/\|A call waits for approval\|mail, send for .*approval show 01a2011a-6821-7000\|$/);
  expect(second).toContain('2 more wait.');
});

test.for([
  ['never', {}, {}, false],
  ['auto', { isAtDesktop: false }, {}, false],
  ['always', { isAtDesktop: false }, {}, true],
  ['auto', {}, { by: 'group:leads' }, true],
  ['auto', {}, { by: 'group:owners' }, false],
  ['auto', {}, { status: 'met' }, false],
] as const)('notify: %s with %j of an approval %j shows it: %s', async ([notify, part, fact, expected]) => {
  const { announce, shown } = aDesk(notify, part);
  announce?.(waiting('01a2011a-6821-7000', fact));
  const count = expected ? 1 : 0;
  // What must not come has the time in which the program comes to its end.
  if (!expected) await new Promise((resolve) => setTimeout(resolve, 100));
  await vi.waitFor(() => expect(shown()).toHaveLength(count));
});

test('a program that fails disturbs nobody', async () => {
  const debug = vi.fn<Logger['debug']>();
  const environment = { PATH: aFolder(), DISPLAY: ':0' };
  writeFileSync(join(environment.PATH, 'notify-send'), 'not executable');
  const host = { platform: 'linux', nodePath: process.execPath, environment };
  const { announce } = aDesk('auto', { host, logger: { ...silent, debug } });
  announce?.(waiting('01a2011a-6821-7000'));
  await vi.waitFor(() => expect(debug).toHaveBeenCalledWith('a notification could not be shown', expect.anything()));
});
