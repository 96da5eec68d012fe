import type { JSX } from 'preact';
import type { ServerView, ToolView } from '../../src/dashboard/api-connected.ts';
import { Badge, type Tone } from '../parts/badge.tsx';
import { Table } from '../parts/table.tsx';
import { hrefToDecisions } from '../words/addresses.ts';
import { counted } from '../words/numbers.ts';
import { TOOL_EFFECT_WORDS, TOOL_STATE_WORDS } from '../words/plain.ts';

/** Names longer than this are dropped by some clients. */
const LONG_NAME = 48;

const TONES: Readonly<Record<ToolView['effect'], Tone>> = {
  read: 'allow',
  write: 'pending',
  destroy: 'deny',
  unknown: 'plain',
};

export function ToolsTable({ server: { id, tools } }: { server: ServerView }): JSX.Element {
  return (
    <Table caption={`Tools of ${id}`} head={['Tool', 'What it does', 'State', 'Calls', 'Tokens']} stacks>
      {tools.map((tool) => (
        <tr key={tool.name}>
          <th scope="row">
            <code>{tool.name}</code>
            {tool.exposedName !== tool.name && <span class="under">agents see {tool.exposedName}</span>}
            {tool.exposedName.length > LONG_NAME && (
              <span class="under problem">a name this long is dropped by some clients</span>
            )}
          </th>
          <td data-label="What it does">
            <Badge tone={TONES[tool.effect]}>{TOOL_EFFECT_WORDS[tool.effect]}</Badge>
            {tool.annotated !== '' && <span class="under">calls itself: {tool.annotated}</span>}
          </td>
          <td data-label="State">{TOOL_STATE_WORDS[tool.state]}</td>
          <td data-label="Calls" class="number">
            <a href={hrefToDecisions({ tool: `${id}/${tool.name}` })}>{counted(tool.calls)}</a>
          </td>
          <td data-label="Tokens" class="number">
            {counted(tool.tokens)}
          </td>
        </tr>
      ))}
    </Table>
  );
}
