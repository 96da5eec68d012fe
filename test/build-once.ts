import { execFileSync } from 'node:child_process';

/** The end-to-end tests start the built program, as users do. */
export default function build(): void {
  execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'], {
    stdio: 'inherit',
  });
}
