import type { Scaffold, ScaffoldTool } from './scaffold.ts';
import { ALLOWS, GROUPS } from './scaffold-policy.ts';

/** `README.md` of a first bundle: what it does now, and what its author does next. */
export function scaffoldReadme({ facts, prefix, groups }: Scaffold): string {
  const undeclared = groups.find(({ effect }) => effect === 'unknown')?.tools ?? [];
  return [
    `# The policy of ${facts.server}`,
    '',
    'The gateway holds every call of the server’s tools to this bundle. It was written from the list of tools that the server gave:',
    '',
    '| tool | group | rule | what the server says |',
    '| --- | --- | --- | --- |',
    ...groups.flatMap(({ effect, tools }) =>
      tools.map(
        ({ name, says }) => `| ${code(name)} | ${GROUPS[effect].set} | ${prefix}-${ALLOWS[effect]} | ${plain(says)} |`,
      ),
    ),
    '',
    ...(undeclared.length > 0 ? hints(undeclared) : []),
    '## Next',
    '',
    '1. Look at each tool: is it in the right group? Hints of servers are often missing and sometimes wrong. Move its name in `policy.rego`, and say the same under `tools` in `.manifest`.',
    '2. Narrow what arguments may be: a rule `deny contains {…} if { input.action.tool == "…"; … }` with a title, a remediation and a test.',
    '3. Check, test and pack it:',
    '',
    '```sh',
    'mcp-gateway bundle check .',
    'mcp-gateway bundle test .',
    'mcp-gateway bundle build . --out policy.tar.gz',
    '```',
    '',
    'To ship it, put this folder as `mcp-policy/` beside the `package.json` of the server: gateways find it there.',
    '',
    'What an admin may set stands in `data.json`; its schema is `config` in `.manifest`.',
    '',
  ].join('\n');
}

function hints(tools: readonly ScaffoldTool[]): readonly string[] {
  return [
    '## Tools that say nothing',
    '',
    'The server does not say whether these change anything, so the user is asked at every call. By their names they look like this; nothing relies on it until you move them:',
    '',
    ...tools.map(({ name }) => `- ${code(name)}: ${guess(name)}`),
    '',
  ];
}

const LOOKS = /^(get|list|read|search|find|fetch|query|describe|show|count|check|view|lookup|resolve)(?![a-z])/;
const DESTROYS = /(delete|remove|drop|destroy|purge|wipe|reset|kill|truncate|overwrite|revoke|cancel|clear)/;

function guess(name: string): string {
  const words = name.replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase();
  if (DESTROYS.test(words)) return 'destroys';
  return LOOKS.test(words) ? 'only looks' : 'changes something';
}

function code(name: string): string {
  return `\`${cell(name).replaceAll('`', '')}\``;
}

/** A server may not put a link or a picture on the page. */
function plain(text: string): string {
  return cell(text).replaceAll(/[\\*_[\]#~]/g, '\\$&');
}

function cell(text: string): string {
  const line = text
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
    .replaceAll(/[|<>\s]+/g, ' ')
    .trim();
  return line.length > 120 ? `${line.slice(0, 119)}…` : line;
}
