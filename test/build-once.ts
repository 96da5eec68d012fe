import { execFileSync } from 'node:child_process';

/** The end-to-end tests start the built program, as users do. Who runs several suites builds it once, and says so. */
export default function build(): void {
  if (process.env['MCP_GATEWAY_BUILT'] !== undefined) return;
  const run = (...args: readonly string[]): void => void execFileSync(process.execPath, args, { stdio: 'inherit' });
  run('--import', 'tsx', 'build.ts');
  run('dist/precompile.js');
}
