import { JSON_OUTPUTS, type JsonOutput } from './json-outputs.ts';
import { POLICY_JSON_OUTPUTS } from './json-outputs-policy.ts';

/** All that `--json` prints, in the order of the names. */
export const ALL_JSON_OUTPUTS: Readonly<Record<string, JsonOutput>> = Object.fromEntries(
  Object.entries({ ...JSON_OUTPUTS, ...POLICY_JSON_OUTPUTS }).toSorted(([left], [right]) => (left < right ? -1 : 1)),
);

/** The page `docs/reference/json-output.md`, whole. */
export function jsonReference(): string {
  const sections = Object.entries(ALL_JSON_OUTPUTS).map(([name, { command, members }]) => {
    const rows = Object.entries(members).map(([member, about]) => `| \`${member}\` | ${about} |`);
    return [
      `\n## ${name}\n`,
      `\`mcp-gateway ${command} --json\`\n`,
      '| Member | What it holds |',
      '|---|---|',
      ...rows,
    ].join('\n');
  });
  return `${[INTRODUCTION, ...sections].join('\n')}\n`;
}

const INTRODUCTION = `# What \`--json\` prints

<!-- Generated from src/cli/json-outputs.ts and json-outputs-policy.ts. Do not edit: npx vitest run test/cli/tree.test.ts -u writes it. -->

One JSON object in one line, with \`schema\` (\`mcp-gateway/<name>/v1\`) and \`ok\`: true where the exit code is 0. It is false
where the command has found something wrong (exit code 3), and where a part of what it was to do failed and the rest was done
(exit code 1): \`init\` names those under \`failed\`, \`connect\` and \`disconnect\` by the \`status\` of each client. What a policy says is no fault of the command: \`tool call\` is
\`ok\` whatever was decided, also with \`--exit-status\`. Further members may be added; those that are listed stay. Times are RFC 3339 in UTC. Where a
command fails before it has anything to say, nothing is on stdout and the error is on stderr. \`decision tail --json\` prints a
record a line, without end; \`config schema\` prints a JSON Schema as it is; \`serve\` and \`completion\` print no JSON of their own.`;
