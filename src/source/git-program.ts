import { type ChildProcess, spawn } from 'node:child_process';
import { messageOf } from '../core/errors.ts';
import { SourceProblem } from './source.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface GitOptions {
  /** The repository that it works in. */
  readonly folder: string;
  /** Of the person who runs the gateway: their git finds its proxies, certificates and keys there. */
  readonly environment: Environment;
  /** Git's own settings; the only way by which a secret reaches it. */
  readonly settings: readonly (readonly [string, string])[];
  /** The one protocol that it may speak. */
  readonly protocol: string;
  readonly maxBytes: number;
  readonly signal: AbortSignal;
  readonly input?: string;
}

const MOST_ERROR_CHARACTERS = 400;
/** What git needs of the person's own environment; other variables may be secret, or lead it to another repository. */
const INHERITED =
  /^(PATH|PATHEXT|HOME|USER|LOGNAME|SHELL|LANG|TZ|TMPDIR|TMP|TEMP|XDG_CONFIG_HOME|SSH_AUTH_SOCK|SSH_AGENT_PID|GIT_SSH(_\w+)?|GIT_SSL_CA\w+|SSL_CERT_\w+|GIT_PROXY_COMMAND|(https?|all|no)_proxy|SYSTEMROOT|SYSTEMDRIVE|WINDIR|COMSPEC|USERPROFILE|HOMEDRIVE|HOMEPATH|(LOCAL)?APPDATA|PROGRAM(DATA|FILES(\(X86\))?))$/i;

/**
 * Runs git and gives what it writes. It asks nobody anything and runs no hook, and its arguments hold no secret. Throws SourceProblem with git's own words.
 */
export async function runGit(args: readonly string[], options: GitOptions): Promise<Buffer> {
  const { folder, maxBytes, signal, input = '' } = options;
  signal.throwIfAborted();
  const isGroup = process.platform !== 'win32';
  const child = spawn('git', args, {
    cwd: folder,
    env: gitEnvironment(options),
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: isGroup,
    windowsHide: true,
  });
  const end = (): void => endAll(child, isGroup);
  signal.addEventListener('abort', end, { once: true });
  try {
    return await outputOf(child, { args, maxBytes, input, end });
  } finally {
    signal.removeEventListener('abort', end);
    signal.throwIfAborted();
  }
}

function gitEnvironment({ environment, settings, protocol }: GitOptions): NodeJS.ProcessEnv {
  const kept = Object.entries(environment).filter(([name]) => INHERITED.test(name));
  const own = [...settings, ...SAFE_SETTINGS];
  return {
    ...Object.fromEntries(kept),
    LC_ALL: 'C',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ASKPASS: '',
    SSH_ASKPASS_REQUIRE: 'never',
    GIT_SSH_COMMAND: environment['GIT_SSH_COMMAND'] ?? 'ssh -oBatchMode=yes',
    GIT_ALLOW_PROTOCOL: protocol,
    GIT_CONFIG_COUNT: String(own.length),
    ...Object.fromEntries(
      own.flatMap(([name, value], index) => [
        [`GIT_CONFIG_KEY_${index}`, name],
        [`GIT_CONFIG_VALUE_${index}`, value],
      ]),
    ),
  };
}

const SAFE_SETTINGS: readonly (readonly [string, string])[] = [
  ['core.hooksPath', '/dev/null'],
  ['http.followRedirects', 'false'],
  ['fetch.recurseSubmodules', 'false'],
  ['gc.auto', '0'],
];

interface Run {
  readonly args: readonly string[];
  readonly maxBytes: number;
  readonly input: string;
  readonly end: () => void;
}

function outputOf(child: ChildProcess, { args, maxBytes, input, end }: Run): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    let said = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= maxBytes) chunks.push(chunk);
      else end();
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      said = `${said}${chunk.toString()}`.slice(-4 * MOST_ERROR_CHARACTERS);
    });
    child.once('error', (cause) => reject(notStarted(cause)));
    child.once('close', (code) => {
      if (bytes > maxBytes) reject(new SourceProblem(`it is larger than ${maxBytes / 1024 / 1024} MB`, SMALLER));
      else if (code === 0) resolve(Buffer.concat(chunks, bytes));
      else reject(new GitFailure(args[0] ?? '', wordsOf(said), code ?? -1));
    });
    // Git may end before it has read everything.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
  });
}

const SMALLER = 'Name a folder with fewer and smaller files.';

/** Git ended with an error. */
export class GitFailure extends SourceProblem {
  readonly exitCode: number;

  constructor(command: string, words: string, exitCode: number) {
    super(
      `git ${command} says: ${words === '' ? `exit ${exitCode}` : words}`,
      'Run the same with git on this machine, as the user who runs the gateway.',
    );
    this.exitCode = exitCode;
  }
}

/** What git and the other side say is theirs: one line, no control characters, no address with something secret in it. */
function wordsOf(said: string): string {
  const lines = said.split('\n').map((line) => line.trim());
  const told = lines.filter((line) => line !== '' && !/^(hint|warning|Cloning|From )/.test(line));
  return told
    .join(' ')
    .replaceAll(/[\p{Cc}\p{Cf}]/gu, ' ')
    .replaceAll(/(:\/\/[^\s'"?]*)\?[^\s'"]*/g, '$1')
    .slice(0, MOST_ERROR_CHARACTERS);
}

function notStarted(cause: Error): SourceProblem {
  const isAbsent = 'code' in cause && cause.code === 'ENOENT';
  if (!isAbsent)
    return new SourceProblem(`git cannot be started: ${messageOf(cause)}`, 'Look at the git on this machine.');
  return new SourceProblem(
    'git is not installed',
    'Install git, or publish the bundle as a .tar.gz at an https address.',
  );
}

/** Git leaves the talking to helpers, which must not outlive it. */
function endAll(child: ChildProcess, isGroup: boolean): void {
  try {
    if (isGroup && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    else child.kill();
  } catch {
    child.kill();
  }
}
