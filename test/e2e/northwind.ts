import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** The repository's own example, with what its servers keep below a folder of its own. */
export function northwind(folder: string): string {
  return readFileSync('mcp-gateway.yaml', 'utf8')
    .replaceAll('[servers/', `[${resolve('servers')}/`)
    .replaceAll('.mcp-gateway/demo', join(folder, 'demo'))
    .replaceAll('source: policy-bundles', `source: ${resolve('policy-bundles')}`);
}
