import type { JsonObject } from '../core/json.ts';
import type { Logger } from '../core/logger.ts';
import type { ServerId } from '../core/names.ts';
import type { ToolDrift, ToolRoute } from './tool-route.ts';

/** Tools of one server that from now on nobody can use. */
export interface Quarantine {
  readonly server: ServerId;
  readonly tools: readonly QuarantinedTool[];
}

export interface QuarantinedTool {
  /** The server's own name for it. */
  readonly tool: string;
  /** What has changed, such as `contract`. */
  readonly why: string;
  /** As the server gives it now. */
  readonly definition: JsonObject;
}

/** A server may change ten thousand tools, and again at every look. */
const MOST_LOGGED = 20;

/** Tells whoever runs the gateway of tools that are not what was accepted, each once as long as it stays so. */
export class DriftNews {
  readonly #logger: Logger;
  readonly #onQuarantined: (quarantine: Quarantine) => void;
  #told: ReadonlySet<string> = new Set();

  /** `onQuarantined` is told of the same, for the record. */
  constructor(logger: Logger, onQuarantined: (quarantine: Quarantine) => void = () => undefined) {
    this.#logger = logger;
    this.#onQuarantined = onQuarantined;
  }

  tell(routes: Iterable<ToolRoute>): void {
    const standing = new Set<string>();
    const news = new Map<ServerId, QuarantinedTool[]>();
    let told = 0;
    for (const route of routes) {
      if (route.drift === undefined) continue;
      const { server, tool, pin, drift } = route;
      const key = `${pin} ${drift.kind} ${drift.why}`;
      standing.add(key);
      if (this.#told.has(key)) continue;
      told += 1;
      if (told <= MOST_LOGGED) this.#log({ server: server.id, tool, drift });
      if (drift.kind === 'quarantined') {
        const tools = news.get(server.id) ?? [];
        news.set(server.id, tools);
        tools.push({ tool, why: drift.why, definition: drift.offered });
      }
    }
    this.#told = standing;
    if (told > MOST_LOGGED) this.#logger.error('more tools are not what was accepted', { count: told - MOST_LOGGED });
    for (const [server, tools] of news) this.#onQuarantined({ server, tools });
  }

  #log({ server, tool, drift }: { readonly server: ServerId; readonly tool: string; readonly drift: ToolDrift }): void {
    const what = { server, tool, changed: drift.why };
    if (drift.kind === 'text') this.#logger.warn('the text of a tool is another than was accepted', what);
    else this.#logger.error('a tool is quarantined until somebody has seen its change', what);
  }
}
