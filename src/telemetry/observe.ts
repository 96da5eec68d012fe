import type { Tracer } from '@opentelemetry/api';
import type { Clock } from '../core/clock.ts';
import type { EndedServerSession, EndedSession, Observation, ObservedRequest, Observer } from '../core/observer.ts';
import type { DecisionRecord } from '../core/record.ts';
import { Bounded } from './bounded.ts';
import type { Instruments } from './instruments.ts';
import { RequestObservation } from './request-observation.ts';
import { placeLabels, roadLabels, type ServerPlace } from './places.ts';
import { layerLabel, versionLabel } from './span-facts.ts';

export interface ObservingParts {
  /** Absent where requests are not traced. */
  readonly tracer: Tracer | undefined;
  readonly instruments: Instruments;
  readonly clock: Clock;
  readonly placeOf: (server: string) => ServerPlace;
}

const MOST_REASONS = 200;
const MOST_APPROVALS = 1_000;

/** Makes spans and metrics of what the gateway does. */
export class Observing implements Observer {
  readonly #parts: ObservingParts;
  readonly #reasons = new Bounded(MOST_REASONS, 'other');
  /** Approvals whose wait was noted: one that is remembered lets several calls through. */
  readonly #approved = new Set<string>();

  constructor(parts: ObservingParts) {
    this.#parts = parts;
  }

  begin(request: ObservedRequest): Observation {
    return new RequestObservation(request, this.#parts);
  }

  recorded(record: DecisionRecord): void {
    const { instruments } = this.#parts;
    const server = record.server === '' ? 'none' : record.server;
    instruments.add('decisions', 1, { server, effect: record.effect, layer: layerLabel(record) });
    const [reason = ''] = record.reasons;
    if (record.effect === 'deny') instruments.add('denials', 1, { server, reason_code: this.#reasons.of(reason) });
    for (const { bundle, us, status, cached } of record.layers)
      if (!cached && status !== 'skipped' && status !== 'missing') instruments.note('evaluation', us / 1e6, { bundle });
    if (record.effect === 'allow') this.#noteWaits(record);
  }

  notRecorded(): void {
    this.#parts.instruments.add('logDropped', 1);
  }

  sessionEnded({ ms, road, protocol }: EndedSession): void {
    const labels = { ...roadLabels(road), 'mcp.protocol.version': versionLabel(protocol) };
    this.#parts.instruments.note('serverSession', ms / 1000, labels);
  }

  serverSessionEnded(server: string, { ms, protocol, isLost }: EndedServerSession): void {
    const { instruments, placeOf } = this.#parts;
    const labels = placeLabels(server, { ...placeOf(server), protocol });
    instruments.note('clientSession', ms / 1000, isLost ? { ...labels, 'error.type': 'lost' } : labels);
  }

  restarted(server: string): void {
    this.#parts.instruments.add('upstreamReconnects', 1, { server });
  }

  #noteWaits({ combine }: DecisionRecord): void {
    for (const { id, status } of combine.approvals) {
      if (status !== 'met' || id === undefined || this.#approved.has(id)) continue;
      if (this.#approved.size >= MOST_APPROVALS) this.#approved.clear();
      this.#approved.add(id);
      const waitedMs = combine.now - timeOf(id);
      if (waitedMs >= 0) this.#parts.instruments.note('approvalWait', waitedMs / 1000);
    }
  }
}

/** When an id was made, milliseconds since the epoch (RFC 9562, UUID version 7). */
function timeOf(id: string): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}
