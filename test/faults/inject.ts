import { spawn } from 'node:child_process';
import { once } from 'node:events';

/**
 * Makes system calls of a running process, all its threads included, fail or wait for as long as some work lasts; then
 * they work again as before. A rule is one of strace(1): `fsync:error=EIO`, `pwrite64:signal=SIGKILL:when=3`. The
 * processes that it started before are not touched.
 */
export async function whileInjected<T>(pid: number, rules: readonly string[], work: () => Promise<T>): Promise<T> {
  const end = await inject(pid, rules);
  try {
    return await work();
  } finally {
    await end();
  }
}

/** As `whileInjected`, until the function that it answers is called or the process has gone. */
export async function inject(pid: number, rules: readonly string[]): Promise<() => Promise<void>> {
  const calls = [...new Set(rules.map((rule) => rule.slice(0, rule.indexOf(':'))))].join(',');
  const injections = rules.flatMap((rule) => ['-e', `inject=${rule}`]);
  const args = ['-f', '-p', String(pid), '-o', '/dev/null', '-e', `trace=${calls}`, ...injections];
  const strace = spawn('strace', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = once(strace, 'exit');
  let said = '';
  await new Promise<void>((attached, fail) => {
    strace.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (said.includes('attached')) attached();
    });
    strace.once('error', fail);
    strace.once('exit', () => fail(new Error(`strace ended: ${said}`)));
  });
  return async () => {
    // Not SIGINT: what runs in the background of a shell does not hear it.
    strace.kill('SIGTERM');
    await ended;
  };
}
