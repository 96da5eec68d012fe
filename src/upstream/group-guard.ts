import { type ChildProcess, spawn } from 'node:child_process';

/**
 * Reads `+ GROUP` and `- GROUP`. When its input ends, groups are left only where the gateway had no time to end them: a
 * server that has seen the end of its own input is gone by then, others are asked, then killed.
 */
const SCRIPT = `trap '' INT TERM HUP
groups=
while read -r sign group; do
  rest=
  for each in $groups; do [ "$each" = "$group" ] || rest="$rest $each"; done
  groups=$rest
  [ "$sign" = + ] && groups="$groups $group"
done
[ -n "$groups" ] || exit 0
sleep 1
for each in $groups; do kill -s TERM -- "-$each" 2>/dev/null; done
sleep 2
for each in $groups; do kill -s KILL -- "-$each" 2>/dev/null; done
exit 0`;

export interface GroupGuardOptions {
  readonly platform: string;
  /** Where `sleep` is found. */
  readonly path: string | undefined;
}

/**
 * Ends the process groups of servers when the gateway is killed and cannot do so itself: a shell that waits for the end
 * of a pipe which nobody but the gateway holds. It is started with the first group. Where there is no shell, as on
 * Windows and in the barest of containers, servers are told by the end of their input alone.
 */
export class GroupGuard {
  readonly #options: GroupGuardOptions;
  #shell: ChildProcess | undefined;
  #isClosed = false;

  constructor(options: GroupGuardOptions) {
    this.#options = options;
  }

  /** `group` is the pid of the process that leads it. */
  add(group: number): void {
    if (this.#options.platform === 'win32' || this.#isClosed) return;
    this.#shell ??= startShell(this.#options.path);
    this.#tell(`+ ${group}`);
  }

  /** It has ended, and its number may soon be another's. */
  remove(group: number): void {
    this.#tell(`- ${group}`);
  }

  /** What has not been removed by now is ended; idempotent. */
  close(): void {
    this.#isClosed = true;
    this.#shell?.stdin?.end();
  }

  #tell(line: string): void {
    if (this.#shell?.stdin?.writable === true) this.#shell.stdin.write(`${line}\n`);
  }
}

/** In a session of its own: what ends the gateway's group must not end it. */
function startShell(path: string | undefined): ChildProcess {
  const shell: ChildProcess = spawn('/bin/sh', ['-c', SCRIPT, 'mcp-gateway-guard'], {
    cwd: '/',
    env: path === undefined ? {} : { PATH: path },
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  // Without it, or once somebody has ended it, there is one protection less and nothing else.
  shell.on('error', () => undefined);
  shell.stdin?.on('error', () => undefined);
  shell.unref();
  return shell;
}
