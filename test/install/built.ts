import { execFileSync } from 'node:child_process';
import build from '../build-once.ts';

/** What is packed: the program and its bill of materials. */
export default function buildAndBill(): void {
  build();
  execFileSync(process.execPath, ['--import', 'tsx', 'sbom.ts'], { stdio: 'inherit' });
}
