import type { Logger } from '../core/logger.ts';
import type { ToolRoute } from './tool-route.ts';

/** Tells whoever runs the gateway of tools that are not what was accepted, each once as long as it stays so. */
export class DriftNews {
  readonly #logger: Logger;
  #told: ReadonlySet<string> = new Set();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  tell(routes: Iterable<ToolRoute>): void {
    const standing = new Set<string>();
    for (const route of routes) {
      if (route.drift === undefined) continue;
      const { kind, why } = route.drift;
      const key = `${route.pin} ${kind} ${why}`;
      standing.add(key);
      if (this.#told.has(key)) continue;
      const what = { server: route.server.id, tool: route.tool, changed: why };
      if (kind === 'quarantined') this.#logger.error('a tool is quarantined until somebody has seen its change', what);
      else this.#logger.warn('the text of a tool is another than was accepted', what);
    }
    this.#told = standing;
  }
}
