import { type Approval, SESSION_MEMORY_MS } from '../core/approval.ts';
import { readBucket } from '../core/bucket.ts';
import type { AttachedLabel, Change, Made, Refusal } from '../core/change.ts';
import { type Charge, drainPerMs, resetsAt } from '../core/charge.ts';
import type { Clock } from '../core/clock.ts';
import type { DecisionRecord } from '../core/record.ts';
import { asJoined, bucketOf } from '../policy/obligations.ts';
import type { ApprovalBook } from '../state/approval-book.ts';
import { type ConversationFacts, Conversations } from './conversation.ts';
import type { CountReader, RecordKeeper } from './governing.ts';
import type { LabelReader } from './labels.ts';
import type { Caller } from './port.ts';

/** What earlier requests are said to have left behind when a call is tried. */
export interface Circumstances {
  /** The one time of the decision, milliseconds since the epoch. */
  readonly nowMs: number;
  /** What policies read of the conversation; what is not stated is as at its first call. */
  readonly context: StatedFacts;
  readonly labels: readonly StatedLabel[];
  /** What is used of limits: by the full name of a counter, or of the rule that limits a rate. */
  readonly budgets: Readonly<Record<string, number>>;
  readonly approvals: readonly StatedApproval[];
}

export type StatedFacts = Partial<Omit<ConversationFacts, 'agent'>> & {
  readonly agent?: Partial<ConversationFacts['agent']>;
};

export interface StatedLabel {
  readonly label: string;
  readonly source: string;
  readonly ageMs: number;
}

/** What people have answered to exactly this call. */
export interface StatedApproval {
  /** `user` or `group:<name>`. */
  readonly by: string;
  readonly people: readonly string[];
  readonly verdict: 'approve' | 'deny';
}

/** A conversation of which it is stated what it did; the call itself and its result count as ever, where nothing is stated. */
export class StatedConversation extends Conversations {
  readonly #stated: StatedFacts;

  constructor(clock: Clock, stated: StatedFacts) {
    super(clock);
    this.#stated = stated;
  }

  override async noteCall(...counted: Parameters<Conversations['noteCall']>): Promise<ConversationFacts> {
    return this.#with(await super.noteCall(...counted));
  }

  override async look(...looked: Parameters<Conversations['look']>): Promise<ConversationFacts> {
    return this.#with(await super.look(...looked));
  }

  /** What is stated of the conversation holds for its agent too, which has no other. */
  #with(facts: ConversationFacts): ConversationFacts {
    const { agent: ofAgent, ...own } = this.#stated;
    return { ...facts, ...own, agent: { ...facts.agent, ...known(own, facts.agent), ...ofAgent } };
  }
}

/** Of some members those that another object has. */
function known<T extends object>(some: object, like: T): Partial<T> {
  return Object.fromEntries(Object.entries(some).filter(([name]) => Object.hasOwn(like, name))) as Partial<T>;
}

/** The labels that are stated, on whatever is asked about. */
export function statedLabels({ labels, nowMs }: Circumstances): LabelReader {
  const attached = labels.map(({ label, source, ageMs }): AttachedLabel => ({
    conversation: '',
    label,
    source,
    attachedMs: nowMs - ageMs,
    expiresMs: nowMs + 1,
  }));
  return async () => attached;
}

/** How counts stand where so much is used of each. */
export function statedCounts({ budgets, nowMs }: Circumstances): CountReader {
  return {
    readCounts: async (places) =>
      places.map(({ bucket }) => {
        const used = budgets[readBucket(bucket).counter];
        return used === undefined ? undefined : { used, reserved: 0, asOfMs: nowMs };
      }),
  };
}

/** Keeps what would be recorded, and refuses what there is no room for. */
export class TrialLog implements RecordKeeper {
  readonly records: DecisionRecord[] = [];
  readonly #circumstances: Circumstances;

  constructor(circumstances: Circumstances) {
    this.#circumstances = circumstances;
  }

  async append(record: DecisionRecord): Promise<void> {
    this.records.push(record);
  }

  async commit(record: DecisionRecord, _inputText: string, changes: readonly Change[]): Promise<Made | Refusal> {
    const left = changes.map((change) => (change.kind === 'take' ? this.#leftAfter(change.charge, record) : undefined));
    const refused = left.flatMap((room, place) => (room !== undefined && room < 0 ? [place] : []));
    if (refused.length > 0)
      return { refused, fitsAtMs: refused.map((place) => this.#fitsAt(changes[place], left[place])) };
    this.records.push(record);
    return { remaining: left.filter((room) => room !== undefined) };
  }

  settle(): void {
    return undefined;
  }

  #leftAfter({ bucket, limit, cost }: Charge, record: DecisionRecord): number {
    const { budgets } = this.#circumstances;
    const { counter } = readBucket(bucket);
    const used = budgets[counter] ?? Math.max(0, ...rulesLimiting(counter, record).map((rule) => budgets[rule] ?? 0));
    return limit - used - cost;
  }

  #fitsAt(change: Change | undefined, left = 0): number | undefined {
    if (change?.kind !== 'take') return undefined;
    const { window, limit } = change.charge;
    const perMs = drainPerMs(limit, window);
    return perMs === 0 || resetsAt(window) !== '' ? undefined : Math.ceil(this.#circumstances.nowMs - left / perMs);
  }
}

/** Full names of the rules whose limit of a rate this is. */
function rulesLimiting(counter: string, { layers }: DecisionRecord): readonly string[] {
  return layers.flatMap(({ bundle, obligations }) =>
    obligations.flatMap((element) => {
      const rates = asJoined(element, bundle).rate_limits;
      return rates.some((rate) => `${bundle}/${bucketOf(rate)}` === counter) ? [`${bundle}/${element.id}`] : [];
    }),
  );
}

/** Finds for any call the approvals that are stated. */
export function statedApprovals({ approvals, nowMs }: Circumstances, caller: Caller): ApprovalBook {
  return {
    find: async ({ by, call, tool, conversation }) =>
      approvals
        .filter((approval) => approval.by === by)
        .map((approval) => approvalOf(approval, { binding: { call, tool, conversation }, nowMs, caller })),
    read: async () => undefined,
    list: async () => [],
    byId: async () => [],
    answering: async () => [],
  };
}

interface Stating {
  readonly binding: Approval['binding'];
  readonly nowMs: number;
  readonly caller: Caller;
}

function approvalOf({ by, people, verdict }: StatedApproval, { binding, nowMs, caller }: Stating): Approval {
  const { agent, user } = caller.principal;
  const votes = people.map(
    (person) => ({ person, verdict, via: 'terminal', key: '', atMs: nowMs, reason: '' }) as const,
  );
  return {
    id: 'stated',
    by,
    binding,
    requester: { agent: agent.id, user: user.id, login: '' },
    quorum: people.length,
    remember: 'never',
    createdMs: nowMs,
    expiresMs: nowMs + SESSION_MEMORY_MS,
    shown: { action: '', server: '', tool: '', arguments: {}, about: '', client: '', why: [] },
    status: verdict === 'approve' ? 'approved' : 'denied',
    votes,
    asked: 1,
    lastAsked: 'stated',
    uses: 0,
    usedBy: '',
    round: 0,
  };
}
