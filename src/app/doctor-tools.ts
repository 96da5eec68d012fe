import { type HealthFinding, ok, skip, type Subject, warn } from './doctor.ts';
import type { KnownTools } from './known-tools.ts';
import { tokensOf } from '../catalog/tokens.ts';

/** Cursor leaves out tools of which its own name for the server and the tool's together are longer. */
const CURSOR_NAME = 60;
/** What `connect` calls the gateway in a client's file, and what clients put between. */
const OWN_PREFIX = 'gw'.length;
/** Claude Code and others call a tool `mcp__<server>__<tool>`, and models take no longer names. */
const MODEL_NAME = 64;
const MODEL_PREFIX = 'mcp__gw__'.length;
const WINDSURF_TOOLS = 100;
const OPENAI_TOOLS = 128;
/** A tenth of the context of most models, which is gone before anything was asked. */
const MANY_TOKENS = 20_000;

type Listing = Pick<Subject, 'tools'>;

/** Names that some client would not take, and tools that are shown to nobody because of their names. */
export function checkNames({ tools }: Listing): readonly HealthFinding[] {
  const known = listed(tools, 'names');
  if ('state' in known) return [known];
  const { listing, hidden } = known.catalog;
  const [unnamed] = hidden;
  if (unnamed !== undefined) {
    const words = `${unnamed.server} has a tool that is not shown, because ${unnamed.why}`;
    return [warn('names', words, `mcp-gateway server inspect ${unnamed.server}`)];
  }
  const lengths = listing.map(({ exposedName }) => exposedName.length);
  const longest = Math.max(0, ...lengths);
  const isTooLong = longest + OWN_PREFIX > CURSOR_NAME || longest + MODEL_PREFIX > MODEL_NAME;
  const words = `the longest has ${String(longest)} characters; Cursor takes ${String(CURSOR_NAME - OWN_PREFIX)}, models ${String(MODEL_NAME - MODEL_PREFIX)}`;
  return [isTooLong ? warn('names', words, 'mcp-gateway config validate') : ok('names', words)];
}

export function checkTools({ tools }: Listing): readonly HealthFinding[] {
  const known = listed(tools, 'tools');
  if ('state' in known) return [known];
  const count = known.catalog.listing.length;
  const limits = `Windsurf takes ${String(WINDSURF_TOOLS)}, OpenAI ${String(OPENAI_TOOLS)}`;
  if (count <= WINDSURF_TOOLS) return [ok('tools', `${String(count)}; ${limits}`)];
  return [warn('tools', `${String(count)} are shown to an agent; ${limits}`, 'mcp-gateway tool ls')];
}

/** What the tools take of a model's context before anything is asked. */
export function checkTokens({ tools }: Listing): readonly HealthFinding[] {
  const known = listed(tools, 'tokens');
  if ('state' in known) return [known];
  const total = known.catalog.listing.reduce((sum, { definition }) => sum + tokensOf(definition), 0);
  const words = `about ${String(total)} for the definitions of ${String(known.catalog.listing.length)} tools`;
  return [total > MANY_TOKENS ? warn('tokens', words, 'mcp-gateway tool ls') : ok('tokens', words)];
}

function listed(tools: KnownTools | undefined, id: string): KnownTools | HealthFinding {
  if (tools === undefined) return skip(id, 'there is no configuration that can be read');
  return tools.lists.size === 0 ? skip(id, 'no gateway has listed any tools yet') : tools;
}
