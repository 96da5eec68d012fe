import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { ClientDescription, PlaceDescription } from '../../src/clients/description.ts';
import { CLIENTS } from '../../src/clients/table.ts';

test('docs/reference/clients.md is what the table says', async () => {
  const page = join(import.meta.dirname, '../../docs/reference/clients.md');
  await expect(`${HEAD}${CLIENTS.map(section).join('\n')}`).toMatchFileSnapshot(page);
});

const HEAD = `# Clients

What \`init\`, \`client ls\` and \`connect\` know of each client. \`$NAME/\` is the folder that a variable names; \`./\` is the folder of a project. Without the variable \`$CLAUDE_CONFIG_DIR\` is \`~\`, \`$CODEX_HOME\` is \`~/.codex\`, \`$XDG_CONFIG_HOME\` is \`~/.config\`.

`;

function section(client: ClientDescription): string {
  const { id, name, places, program, native, closeFirst, limits, variables, isDesktopApp } = client;
  const forms = [variables.env && '`${env:NAME}`', variables.braces && '`${NAME}`', variables.plain && '`$NAME`'];
  const known = [...forms, variables.input && '`${input:ID}`'].filter((form) => form !== false);
  const lines = [
    ...places.flatMap(placeLines),
    `- Started from ${isDesktopApp ? 'the desk' : 'a terminal'}${closeFirst === undefined ? '' : '; has to be closed while its file is changed'}.`,
    ...(native === undefined ? [] : [`- Own command: \`${[program ?? '', ...native.add].join(' ')}\`.`]),
    `- ${known.length === 0 ? 'Puts in no variables.' : `Puts in ${known.join(', ')}.`}`,
    ...(limits?.nameLength === undefined
      ? []
      : [`- Names of server and tool have ${String(limits.nameLength)} characters together.`]),
    ...(limits?.tools === undefined ? [] : [`- Shows ${String(limits.tools)} tools of all servers.`]),
  ];
  return `## ${name} (\`${id}\`)\n\n${lines.join('\n')}\n`;
}

function placeLines({ scope, path, at }: PlaceDescription): readonly string[] {
  const where = { user: 'For the user', local: 'For the user, in one folder', project: 'For a project' }[scope];
  const platforms = { darwin: 'macOS', win32: 'Windows', linux: 'Linux' } as const;
  const files = Object.entries(path);
  const isOne = files.length === 3 && new Set(files.map(([, file]) => file)).size === 1;
  const text = isOne
    ? `\`${files[0]?.[1] ?? ''}\``
    : files.map(([platform, file]) => `\`${file}\` (${platforms[platform as keyof typeof platforms]})`).join(', ');
  return [`- ${where}: ${text}, at \`${at.map((key) => (key === '.' ? 'FOLDER' : key)).join('.')}\`.`];
}
