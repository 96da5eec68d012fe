import type { ClientDescription, Dialect, PlaceDescription, VariableStyle } from './description.ts';

const NO_VARIABLES: VariableStyle = { braces: false, env: false, plain: false, input: false };
const MCP_SERVERS = ['mcpServers'];

/** What Claude Desktop began with, and most others took over. */
export const COMMON: Dialect = {
  shape: 'map',
  command: 'command',
  args: 'args',
  env: 'env',
  headers: 'headers',
  urls: { url: 'http' },
  own: {},
};

/** Every client that is known. A new one is one entry here. */
export const CLIENTS: readonly ClientDescription[] = [
  {
    id: 'claude-desktop',
    name: 'Claude Desktop',
    syntax: 'jsonc',
    places: [
      {
        scope: 'user',
        path: {
          darwin: '~/Library/Application Support/Claude/claude_desktop_config.json',
          win32: '$APPDATA/Claude/claude_desktop_config.json',
          linux: '$XDG_CONFIG_HOME/Claude/claude_desktop_config.json',
        },
        at: MCP_SERVERS,
      },
      {
        // What was installed from the Store keeps its files in a folder of its own.
        scope: 'user',
        path: {
          win32: '$LOCALAPPDATA/Packages/Claude_pzs8sxrjxfjjc/LocalCache/Roaming/Claude/claude_desktop_config.json',
        },
        at: MCP_SERVERS,
      },
    ],
    dialect: { ...COMMON, urls: {} },
    variables: NO_VARIABLES,
    isDesktopApp: true,
    closeFirst: {
      darwin: /^\/.*\/Claude\.app\/Contents\/MacOS\/Claude(?: |$)/,
      win32: /\\(?:AnthropicClaude|WindowsApps\\Claude_)[^"]*\\claude\.exe/i,
      linux: /^(?:\S*\/)?claude-desktop(?: |$)|\/claude-desktop\/\S*app\.asar/,
    },
  },
  {
    id: 'claude-code',
    name: 'Claude Code',
    syntax: 'jsonc',
    places: [
      { scope: 'user', path: everywhere('$CLAUDE_CONFIG_DIR/.claude.json'), at: MCP_SERVERS },
      { scope: 'local', path: everywhere('$CLAUDE_CONFIG_DIR/.claude.json'), at: ['projects', '.', 'mcpServers'] },
      project('./.mcp.json', MCP_SERVERS),
    ],
    signs: ['~/.claude', '$CLAUDE_CONFIG_DIR/.claude.json'],
    program: 'claude',
    dialect: { ...COMMON, own: { type: 'stdio' } },
    variables: { ...NO_VARIABLES, braces: true },
    isDesktopApp: false,
    native: { add: ['mcp', 'add', '--scope', 'user', '$NAME', '--', '$COMMAND'] },
  },
  {
    id: 'cursor',
    name: 'Cursor',
    syntax: 'jsonc',
    places: [user('~/.cursor/mcp.json', MCP_SERVERS), project('./.cursor/mcp.json', MCP_SERVERS)],
    dialect: COMMON,
    variables: { ...NO_VARIABLES, env: true },
    isDesktopApp: true,
    limits: { nameLength: 60 },
  },
  {
    id: 'vscode',
    name: 'VS Code',
    syntax: 'jsonc',
    places: [
      {
        scope: 'user',
        path: {
          darwin: '~/Library/Application Support/Code/User/mcp.json',
          win32: '$APPDATA/Code/User/mcp.json',
          linux: '$XDG_CONFIG_HOME/Code/User/mcp.json',
        },
        at: ['servers'],
      },
      project('./.vscode/mcp.json', ['servers']),
    ],
    program: 'code',
    dialect: { ...COMMON, own: { type: 'stdio' } },
    variables: { ...NO_VARIABLES, env: true, input: true },
    isDesktopApp: true,
    native: { add: ['--add-mcp', '$JSON'] },
    limits: { tools: 128 },
  },
  {
    id: 'windsurf',
    name: 'Windsurf',
    syntax: 'jsonc',
    places: [user('~/.codeium/windsurf/mcp_config.json', MCP_SERVERS)],
    dialect: { ...COMMON, urls: { serverUrl: 'http', url: 'http' } },
    variables: { ...NO_VARIABLES, env: true },
    isDesktopApp: true,
    limits: { tools: 100 },
  },
  {
    id: 'zed',
    name: 'Zed',
    syntax: 'jsonc',
    places: [
      {
        scope: 'user',
        path: {
          darwin: '~/.config/zed/settings.json',
          win32: '$APPDATA/Zed/settings.json',
          linux: '$XDG_CONFIG_HOME/zed/settings.json',
        },
        at: ['context_servers'],
      },
      project('./.zed/settings.json', ['context_servers']),
    ],
    dialect: { ...COMMON, own: { source: 'custom' } },
    variables: NO_VARIABLES,
    isDesktopApp: true,
  },
  {
    id: 'gemini',
    name: 'Gemini CLI',
    syntax: 'jsonc',
    places: [user('~/.gemini/settings.json', MCP_SERVERS), project('./.gemini/settings.json', MCP_SERVERS)],
    program: 'gemini',
    dialect: { ...COMMON, urls: { httpUrl: 'http', url: 'sse' } },
    variables: { ...NO_VARIABLES, braces: true, plain: true },
    isDesktopApp: false,
    limits: { nameLength: 63 },
  },
  {
    id: 'codex',
    name: 'Codex',
    syntax: 'toml',
    places: [user('$CODEX_HOME/config.toml', ['mcp_servers']), project('./.codex/config.toml', ['mcp_servers'])],
    program: 'codex',
    dialect: { ...COMMON, headers: 'http_headers', passed: { key: 'env_vars', as: 'variable' } },
    variables: NO_VARIABLES,
    isDesktopApp: false,
    native: { add: ['mcp', 'add', '$NAME', '--', '$COMMAND'] },
    limits: { nameLength: 64 },
  },
  {
    id: 'cline',
    name: 'Cline',
    syntax: 'jsonc',
    places: [
      {
        scope: 'user',
        path: {
          darwin: `~/Library/Application Support/Code/${clineFile()}`,
          win32: `$APPDATA/Code/${clineFile()}`,
          linux: `$XDG_CONFIG_HOME/Code/${clineFile()}`,
        },
        at: MCP_SERVERS,
      },
      user('~/.cline/data/settings/cline_mcp_settings.json', MCP_SERVERS),
    ],
    // Without a type it is the older of the two.
    dialect: { ...COMMON, urls: { url: 'sse' } },
    variables: { ...NO_VARIABLES, env: true },
    isDesktopApp: true,
  },
  {
    id: 'continue',
    name: 'Continue',
    syntax: 'yaml',
    places: [user('~/.continue/config.yaml', MCP_SERVERS)],
    dialect: { ...COMMON, shape: 'list', headers: 'requestOptions.headers' },
    variables: NO_VARIABLES,
    isDesktopApp: true,
  },
  {
    id: 'goose',
    name: 'Goose',
    syntax: 'yaml',
    places: [
      {
        scope: 'user',
        path: {
          darwin: '~/.config/goose/config.yaml',
          win32: '$APPDATA/Block/goose/config/config.yaml',
          linux: '$XDG_CONFIG_HOME/goose/config.yaml',
        },
        at: ['extensions'],
      },
    ],
    program: 'goose',
    dialect: {
      ...COMMON,
      command: 'cmd',
      env: 'envs',
      urls: { uri: 'http' },
      passed: { key: 'env_keys', as: 'secret' },
      own: { name: 'gw', type: 'stdio', enabled: true, timeout: 300 },
      builtIn: ['builtin', 'platform', 'frontend', 'inline_python'],
    },
    variables: NO_VARIABLES,
    isDesktopApp: true,
  },
  {
    id: 'opencode',
    name: 'OpenCode',
    syntax: 'jsonc',
    places: [
      user('$XDG_CONFIG_HOME/opencode/opencode.json', ['mcp']),
      user('$XDG_CONFIG_HOME/opencode/opencode.jsonc', ['mcp']),
      project('./opencode.json', ['mcp']),
    ],
    program: 'opencode',
    dialect: {
      ...COMMON,
      isCommandList: true,
      env: 'environment',
      own: { type: 'local', enabled: true },
    },
    variables: { ...NO_VARIABLES, env: true },
    isDesktopApp: false,
  },
  {
    id: 'lmstudio',
    name: 'LM Studio',
    syntax: 'jsonc',
    places: [user('~/.lmstudio/mcp.json', MCP_SERVERS)],
    dialect: COMMON,
    variables: NO_VARIABLES,
    isDesktopApp: true,
  },
];

/** Undefined where no client is called so. */
export function clientOf(id: string): ClientDescription | undefined {
  return CLIENTS.find((client) => client.id === id);
}

function everywhere(template: string): PlaceDescription['path'] {
  return { darwin: template, win32: template, linux: template };
}

function user(template: string, at: readonly string[]): PlaceDescription {
  return { scope: 'user', path: everywhere(template), at };
}

function project(template: string, at: readonly string[]): PlaceDescription {
  return { scope: 'project', path: everywhere(template), at };
}

function clineFile(): string {
  return 'User/globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json';
}
