import { pathsOf, platformOf, programOn } from '../clients/machine.ts';
import { cutText } from '../policy/author-text.ts';

/** What is shown on the desktop: plain text, capped. */
export interface Notice {
  readonly title: string;
  readonly text: string;
}

/** A program with its arguments, which no shell reads. */
export interface NoticeCommand {
  readonly file: string;
  readonly args: readonly string[];
  /** All that it is given of the environment. */
  readonly environment: Readonly<Record<string, string>>;
}

export interface Desktop {
  readonly platform: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * How this machine shows a notification; undefined where it has no desktop, or nothing that does it. What is shown is handed
 * over as arguments or variables that no interpreter takes for a program.
 */
export function noticeCommand(desktop: Desktop, notice: Notice): NoticeCommand | undefined {
  const title = plain(notice.title, MAX_TITLE);
  const text = plain(notice.text, MAX_TEXT);
  if (desktop.platform === 'win32') return onWindows(desktop, { title, text });
  return desktop.platform === 'darwin' ? onMac(desktop, { title, text }) : onLinux(desktop, { title, text });
}

const MAX_TITLE = 60;
const MAX_TEXT = 240;

/** Without what a desktop would obey or hide; most of what is shown was named by others. */
function plain(text: string, most: number): string {
  return cutText(text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}]/gu, ' ').trim(), most);
}

/** Of the freedesktop.org specification; its text may hold markup. */
function onLinux(desktop: Desktop, { title, text }: Notice): NoticeCommand | undefined {
  const { environment } = desktop;
  if (!isSet(environment['DISPLAY']) && !isSet(environment['WAYLAND_DISPLAY'])) return undefined;
  const file = absoluteOn(desktop, 'notify-send');
  if (file === undefined) return undefined;
  const marked = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  const args = ['--app-name=mcp-gateway', '--urgency=normal', '--', title, marked];
  return { file, args, environment: only(environment, LINUX) };
}

const LINUX = [
  'PATH',
  'HOME',
  'DISPLAY',
  'WAYLAND_DISPLAY',
  'XAUTHORITY',
  'XDG_RUNTIME_DIR',
  'DBUS_SESSION_BUS_ADDRESS',
];

function onMac(desktop: Desktop, { title, text }: Notice): NoticeCommand | undefined {
  const { environment } = desktop;
  // Over SSH there may be nobody at the screen.
  if (isSet(environment['SSH_CONNECTION'])) return undefined;
  const file = absoluteOn(desktop, 'osascript');
  if (file === undefined) return undefined;
  const script = ['on run argv', 'display notification (item 2 of argv) with title (item 1 of argv)', 'end run'];
  // A text is an argument of the script, never part of it; a blank before it is not read as an option.
  const args = [...script.flatMap((line) => ['-e', line]), ` ${title}`, ` ${text}`];
  return { file, args, environment: only(environment, ['PATH', 'HOME', 'USER', 'TMPDIR']) };
}

function onWindows(desktop: Desktop, { title, text }: Notice): NoticeCommand | undefined {
  const { environment } = desktop;
  const root = environment['SystemRoot'] ?? environment['SYSTEMROOT'];
  if (!isSet(root) || environment['SESSIONNAME']?.startsWith('Services') === true) return undefined;
  const file = pathsOf('win32').join(root, 'System32', 'WindowsPowerShell', 'v1.0', 'powershell.exe');
  const encoded = Buffer.from(TOAST, 'utf16le').toString('base64');
  return {
    file,
    args: ['-NoProfile', '-NonInteractive', '-WindowStyle', 'Hidden', '-EncodedCommand', encoded],
    environment: {
      ...only(environment, ['SystemRoot', 'SYSTEMROOT', 'USERPROFILE', 'LOCALAPPDATA', 'APPDATA', 'TEMP', 'TMP']),
      [TITLE]: title,
      [TEXT]: text,
    },
  };
}

const TITLE = 'MCP_GATEWAY_NOTICE_TITLE';
const TEXT = 'MCP_GATEWAY_NOTICE_TEXT';

/** A constant: what is shown comes from the environment and becomes a text node, never XML and never a program. */
const TOAST = `
$ErrorActionPreference = 'Stop'
[void][Windows.UI.Notifications.ToastNotificationManager, Windows.UI.Notifications, ContentType = WindowsRuntime]
$kind = [Windows.UI.Notifications.ToastTemplateType]::ToastText02
$toast = [Windows.UI.Notifications.ToastNotificationManager]::GetTemplateContent($kind)
$lines = $toast.GetElementsByTagName('text')
[void]$lines.Item(0).AppendChild($toast.CreateTextNode($env:${TITLE}))
[void]$lines.Item(1).AppendChild($toast.CreateTextNode($env:${TEXT}))
$id = '{1AC14E77-02E7-4E5D-B744-2EB1AE5198B7}\\WindowsPowerShell\\v1.0\\powershell.exe'
[Windows.UI.Notifications.ToastNotificationManager]::CreateToastNotifier($id).Show([Windows.UI.Notifications.ToastNotification]::new($toast))
`;

/** A program of the working folder is nobody's but of who wrote that folder. */
function absoluteOn({ platform, environment }: Desktop, name: string): string | undefined {
  const machine = { platform: platformOf(platform), environment, home: '/', workingFolder: '/' };
  const file = programOn(machine, name);
  return file?.startsWith('/') === true ? file : undefined;
}

function only(all: Desktop['environment'], names: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = all[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

function isSet(value: string | undefined): value is string {
  return value !== undefined && value !== '';
}
