import { copyFileSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Machine } from '../../src/clients/machine.ts';

/** Where each of `fixtures/clients/` lies in the folder of a user of Linux. */
export const FIXTURES = {
  'claude-desktop': ['claude-desktop.json', '.config/Claude/claude_desktop_config.json'],
  'claude-code': ['claude-code.json', '.claude.json'],
  cursor: ['cursor.json', '.cursor/mcp.json'],
  vscode: ['vscode.json', '.config/Code/User/mcp.json'],
  windsurf: ['windsurf.json', '.codeium/windsurf/mcp_config.json'],
  zed: ['zed.jsonc', '.config/zed/settings.json'],
  gemini: ['gemini.json', '.gemini/settings.json'],
  codex: ['codex.toml', '.codex/config.toml'],
  cline: ['cline.json', '.config/Code/User/globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json'],
  continue: ['continue.yaml', '.continue/config.yaml'],
  goose: ['goose.yaml', '.config/goose/config.yaml'],
  opencode: ['opencode.json', '.config/opencode/opencode.json'],
  lmstudio: ['lmstudio.json', '.lmstudio/mcp.json'],
} as const;

/** A machine with an empty folder for its user, on which nothing is installed. */
export function aMachine(part: Partial<Machine> = {}): Machine {
  const home = mkdtempSync(join(tmpdir(), 'mcp-gateway-clients-'));
  return { platform: 'linux', home, environment: {}, workingFolder: join(home, 'shop'), ...part };
}

/** Lays what these clients have into the folder of the user; the paths of their files. */
export function layOut(home: string, ids = Object.keys(FIXTURES)): Readonly<Record<string, string>> {
  const laid = ids.map((id): readonly [string, string] => {
    const [name, path] = FIXTURES[id as keyof typeof FIXTURES];
    const target = join(home, path);
    mkdirSync(dirname(target), { recursive: true });
    copyFileSync(`fixtures/clients/${name}`, target);
    return [id, target];
  });
  return Object.fromEntries(laid);
}

export function write(path: string, text: string | Uint8Array): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}
