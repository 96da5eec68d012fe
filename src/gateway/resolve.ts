import type { Exposure } from './exposure.ts';
import type { Caller } from './port.ts';
import type { ToolRoute } from './tool-route.ts';
import type { JsonObject } from '../core/json.ts';
import type { OwnDenial } from '../core/record.ts';

/** What a call is aimed at. What the agent cannot see, it cannot tell from what does not exist. */
export type Target =
  | { readonly kind: 'found'; readonly route: ToolRoute; readonly isSchemaChecked: boolean }
  /** Known to the gateway, but refused before any policy is asked. */
  | { readonly kind: 'refused'; readonly route: ToolRoute; readonly denial: OwnDenial }
  | { readonly kind: 'unknown'; readonly name: string };

/** Whether arguments fit a tool's input schema. */
export interface ArgumentCheck {
  (route: ToolRoute, args: JsonObject): Promise<ArgumentFinding> | ArgumentFinding;
}

export type ArgumentFinding =
  | { readonly kind: 'valid' }
  | { readonly kind: 'unchecked' }
  | { readonly kind: 'invalid'; readonly problems: readonly { readonly pointer: string; readonly expected: string }[] };

/** Finds what a call is aimed at, and whether it may be asked about at all. */
export async function resolveTool(
  request: { readonly name: string; readonly args: JsonObject },
  caller: Caller,
  parts: { readonly exposure: Exposure; readonly check: ArgumentCheck },
): Promise<Target> {
  const route = parts.exposure.find(request.name);
  if (route === undefined) return { kind: 'unknown', name: request.name };
  const visibility = parts.exposure.visibilityOf(route, caller);
  if (visibility.kind === 'hidden') {
    const { internal, rules } = visibility;
    return { kind: 'refused', route, denial: { reason: 'gateway.unknown_tool', internal, rules, params: {} } };
  }
  const finding = await parts.check(route, request.args);
  if (finding.kind !== 'invalid') return { kind: 'found', route, isSchemaChecked: finding.kind === 'valid' };
  const problems = finding.problems.map(({ pointer, expected }) => `${pointer || '/'} ${expected}`).join('; ');
  const denial = { reason: 'gateway.invalid_arguments', internal: '', rules: [], params: { problems } };
  return { kind: 'refused', route, denial };
}
