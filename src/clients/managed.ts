import { createHash } from 'node:crypto';
import { type Launch, OWN_NAME } from './own-entry.ts';

/** A file for an administrator to deploy. */
export interface ManagedFile {
  readonly name: string;
  readonly text: string;
  /** Where it belongs, in words. */
  readonly goesTo: string;
}

/**
 * What makes the gateway the only MCP server of a machine. Sources: code.claude.com/docs/en/managed-mcp,
 * claude.com/docs/third-party/claude-desktop/configuration (all values are text there, lists as JSON in it), and
 * docs.github.com, “Configuring an MCP server allowlist for your enterprise”.
 */
export function managedFiles({ command, args, env }: Launch): readonly ManagedFile[] {
  const variables = Object.keys(env).length === 0 ? {} : { env };
  const server = { type: 'stdio', command, args, ...variables };
  const desktop = JSON.stringify([{ name: OWN_NAME, transport: 'stdio', command, args, ...variables }]);
  const settings = { managedMcpServers: desktop, isDesktopExtensionEnabled: 'false', isLocalDevMcpEnabled: 'false' };
  return [
    {
      name: 'managed-mcp.json',
      text: jsonText({ mcpServers: { [OWN_NAME]: server } }),
      goesTo:
        'Claude Code: /Library/Application Support/ClaudeCode/ (macOS), /etc/claude-code/ (Linux, WSL), C:\\Program Files\\ClaudeCode\\ (Windows)',
    },
    { name: 'claude-desktop.mobileconfig', text: profile(settings), goesTo: 'Claude Desktop on macOS, by MDM' },
    { name: 'claude-desktop.reg', text: registry(settings), goesTo: 'Claude Desktop on Windows, by group policy' },
    {
      name: 'managed-settings.json',
      text: jsonText({ allowedMcpServers: [{ serverCommand: [command, ...args] }] }),
      goesTo: 'GitHub Copilot: .github-private repository of the enterprise, or by MDM',
    },
  ];
}

type Settings = Readonly<Record<string, string>>;

function profile(settings: Settings): string {
  const values = Object.entries(settings).map(([key, value]) => `      ${keyAndText(key, value)}`);
  const payload = ['Configuration', 'com.anthropic.claudefordesktop'].map((what) => idOf(`${what} ${values.join('')}`));
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  ${keyAndText('PayloadType', 'Configuration')}
  <key>PayloadVersion</key><integer>1</integer>
  ${keyAndText('PayloadIdentifier', 'mcp-gateway.claude-desktop')}
  ${keyAndText('PayloadUUID', payload[0] ?? '')}
  ${keyAndText('PayloadDisplayName', 'MCP servers through mcp-gateway')}
  <key>PayloadContent</key>
  <array>
    <dict>
      ${keyAndText('PayloadType', 'com.anthropic.claudefordesktop')}
      <key>PayloadVersion</key><integer>1</integer>
      ${keyAndText('PayloadIdentifier', 'mcp-gateway.claude-desktop.settings')}
      ${keyAndText('PayloadUUID', payload[1] ?? '')}
${values.join('\n')}
    </dict>
  </array>
</dict>
</plist>
`;
}

function keyAndText(key: string, value: string): string {
  const escaped = value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return `<key>${key}</key><string>${escaped}</string>`;
}

/** In the form of a UUID; the same contents have the same, so that a profile replaces itself. */
function idOf(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex').toUpperCase();
  return [hex.slice(0, 8), hex.slice(8, 12), `5${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  );
}

function registry(settings: Settings): string {
  const lines = Object.entries(settings).map(([key, value]) => {
    return `"${key}"="${value.replaceAll('\\', '\\\\').replaceAll('"', String.raw`\"`)}"`;
  });
  const head = ['Windows Registry Editor Version 5.00', '', String.raw`[HKEY_LOCAL_MACHINE\SOFTWARE\Policies\Claude]`];
  return [...head, ...lines, ''].join('\r\n');
}

function jsonText(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
