import { canonicalJson } from '../core/canonical-json.ts';
import type { JsonObject } from '../core/json.ts';
import type { Era } from '../core/protocol.ts';
import type { Holder } from './instance-host.ts';
import type { Knowledge } from './knowledge.ts';
import { instanceKindOf, type InstanceKind, type ServerDefinition } from './server-definition.ts';
import type { Upstream } from './upstream.ts';

/** One instance of a server and whose it is. */
export interface Instance {
  readonly upstream: Upstream;
  /** Undefined while it belongs to nobody. */
  holder: Holder | undefined;
  /** How it is dialled. */
  era: Era;
  offers: JsonObject;
}

/** Makes an instance that is dialled as it says of itself; throws UPSTREAM_UNAVAILABLE where there is no room. */
export type NewInstance = (dialling: Pick<Instance, 'holder' | 'era' | 'offers'>) => Instance;

export interface PoolOptions {
  readonly definition: ServerDefinition;
  readonly knowledge: Knowledge;
  readonly newInstance: NewInstance;
  /** Whether instances have credentials of their principal, so that one without fits nobody. */
  readonly hasCredentials: () => boolean;
}

/** Holders whose instance is found at once. */
const MOST_FOUND = 1_000;

/** The instances of one server: whose they are, and who may share one. */
export class Pool {
  readonly kind: InstanceKind;
  readonly definition: ServerDefinition;
  readonly knowledge: Knowledge;
  readonly #options: PoolOptions;
  readonly #instances = new Set<Instance>();
  /** By owner, era and offers: found again at each request without looking at what fits. */
  readonly #found = new Map<string, Instance>();
  readonly #texts = new WeakMap<JsonObject, string>();
  /** Started to read lists, and given to the first whom it fits. */
  #spare: Instance | undefined;
  /** The instance that last said that a list has changed. */
  #changed: Upstream | undefined;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.definition = options.definition;
    this.knowledge = options.knowledge;
    this.kind = instanceKindOf(options.definition);
  }

  get instances(): readonly Upstream[] {
    return [...this.#instances].map(({ upstream }) => upstream);
  }

  /** The holder's instance. */
  acquire(holder: Holder): Upstream {
    const key = `${this.#ownerOf(holder)}\n${holder.era}\n${this.#textOf(holder)}`;
    const found = this.#found.get(key) ?? this.#find(holder);
    // A client may say at each request that it can do something else.
    if (this.#found.size >= MOST_FOUND) this.#found.clear();
    this.#found.set(key, found);
    return found.upstream;
  }

  /**
   * An instance to read lists from: the one that said they changed, else one that runs, else a new one that goes to the
   * first holder whom it fits, so that reading lists starts no process twice. One whose client can do less than the
   * configuration allows may show less: it is asked only after it said so, and where no other client's shows all.
   */
  forDiscovery(): Upstream {
    const [anyone] = this.kind === 'gateway' ? this.instances : [];
    const running = [...this.#instances].filter(({ upstream }) => upstream.state.kind === 'ready');
    const complete = running.filter((instance) => this.#seesAll(instance));
    const changed = running.find(({ upstream }) => upstream === this.#changed);
    const used = complete.find(({ holder }) => holder !== undefined);
    const best = changed !== undefined && this.#seesAll(changed) ? changed : (used ?? changed ?? complete[0]);
    const found = best?.upstream ?? this.#spare?.upstream ?? anyone;
    if (found !== undefined) return found;
    const offers = this.#offersOf({ offers: this.definition.discoveryOffers ?? NOTHING });
    this.#spare = this.#create({ holder: undefined, era: this.knowledge.wanted, offers });
    return this.#spare.upstream;
  }

  sayChanged(upstream: Upstream): void {
    this.#changed = upstream;
  }

  ofSession(session: string): readonly Upstream[] {
    if (this.kind !== 'session') return [];
    return [...this.#instances]
      .filter(({ holder }) => holder?.era === 'session' && holder.session === session)
      .map(({ upstream }) => upstream);
  }

  remove(upstream: Upstream): void {
    for (const [key, found] of this.#found) if (found.upstream === upstream) this.#found.delete(key);
    for (const instance of this.#instances) if (instance.upstream === upstream) this.#instances.delete(instance);
    if (this.#spare?.upstream === upstream) this.#spare = undefined;
    if (this.#changed === upstream) this.#changed = undefined;
  }

  #find(holder: Holder): Instance {
    this.knowledge.want(holder.era);
    const owner = this.#ownerOf(holder);
    for (const instance of this.#instances) {
      if (instance.holder !== undefined && this.#ownerOf(instance.holder) === owner && this.#fits(instance, holder)) {
        return instance;
      }
    }
    const offers = this.#offersOf(holder);
    const spare = this.#spare;
    if (spare === undefined || this.#isPersonal() || !this.#fits(spare, holder)) {
      return this.#create({ holder, era: holder.era, offers });
    }
    this.#spare = undefined;
    spare.holder = holder;
    if (spare.upstream.state.kind === 'idle') Object.assign(spare, { era: holder.era, offers });
    return spare;
  }

  #create(dialling: Pick<Instance, 'holder' | 'era' | 'offers'>): Instance {
    const instance = this.#options.newInstance(dialling);
    this.#instances.add(instance);
    return instance;
  }

  /** A stateless server is told with each request what it may ask for. */
  #seesAll({ offers, upstream: { state } }: Instance): boolean {
    if (state.kind === 'ready' && state.facts.era === 'stateless') return true;
    const wanted = this.#offersOf({ offers: this.definition.discoveryOffers ?? NOTHING });
    return Object.keys(wanted).every((capability) => offers[capability] !== undefined);
  }

  /** Whether an instance of the holder's own serves it: in its era, or in the only one there is, and with its offers. */
  #fits(instance: Instance, holder: Holder): boolean {
    const { state } = instance.upstream;
    if (state.kind === 'idle' && instance.holder === undefined) return true;
    const era = state.kind === 'ready' ? state.facts.era : instance.era;
    if (era !== holder.era && !this.#mustShare(holder.era)) return false;
    return era === 'stateless' || this.#textOf(instance) === this.#textOf(holder);
  }

  /** The other era is not to be had; or nobody knows, and a second process would have a state of its own. */
  #mustShare(era: Era): boolean {
    const isOffered = this.knowledge.offers(era);
    return (
      isOffered === false ||
      (isOffered === undefined && this.definition.transport.kind === 'stdio' && this.kind !== 'session')
    );
  }

  #isPersonal(): boolean {
    return this.kind !== 'gateway' && this.#options.hasCredentials();
  }

  /** A stateless client has no session that could end: what is its own is its principal's, and ends when it is idle. */
  #ownerOf({ session, principalId, era }: Holder): string {
    const own = era === 'session' ? `session ${session}` : principalId;
    return { session: own, principal: principalId, gateway: '' }[this.kind];
  }

  /** Nobody's capabilities are offered where an instance is everybody's. */
  #offersOf({ offers }: Pick<Holder, 'offers'>): JsonObject {
    return this.kind === 'gateway' ? NOTHING : offers;
  }

  #textOf(holder: Pick<Holder, 'offers'>): string {
    const offers = this.#offersOf(holder);
    const known = this.#texts.get(offers);
    if (known !== undefined) return known;
    const text = canonicalJson(offers);
    this.#texts.set(offers, text);
    return text;
  }
}

const NOTHING: JsonObject = {};
