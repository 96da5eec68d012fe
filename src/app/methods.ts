import type { Config } from '../config/paths.ts';
import { isServerId } from '../core/names.ts';

/**
 * Which members of `params` pass a door although the protocol does not know them: those that are listed, and all of a
 * method that is itself listed, because nothing is known of it.
 */
export function passesParam({
  allow,
  params,
}: Config['gateway']['methods']): (method: string, member: string) => boolean {
  const members = new Set(params);
  const methods = new Set(allow.map(withoutServer));
  return (method, member) => methods.has(method) || members.has(`${method}.${member}`);
}

/** Of `<server>:<method>` the method. */
function withoutServer(entry: string): string {
  const colon = entry.indexOf(':');
  return isServerId(entry.slice(0, Math.max(0, colon))) ? entry.slice(colon + 1) : entry;
}
