import { execFileSync } from 'node:child_process';

/** The end-to-end tests start the built program, as users do. */
export default function build(): void {
  const run = (...args: readonly string[]): void => void execFileSync(process.execPath, args, { stdio: 'inherit' });
  run('--import', 'tsx', 'build.ts');
  run('dist/precompile.js');
}
