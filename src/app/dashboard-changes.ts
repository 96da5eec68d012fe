import { dirname, resolve } from 'node:path';
import type { LoadedConfig } from '../config/load.ts';
import { GatewayError, messageOf } from '../core/errors.ts';
import { shortHash } from '../core/generation.ts';
import type { JsonObject } from '../core/json.ts';
import type { ChangesView, ChangeView, GenerationRow } from '../dashboard/api-policies.ts';
import type { Person } from '../dashboard/port.ts';
import type { ChangeStepRequest, NewChange } from '../dashboard/queries.ts';
import { changesBetween, changesText } from '../review/generation-changes.ts';
import { decisionIds } from '../state/decision-id.ts';
import {
  dropEdit,
  editConfiguration,
  enforceEdit,
  restoreEdit,
  shadowEdit,
  shadowId,
  writtenSource,
} from './change-edits.ts';
import { actOf, type DashboardParts } from './dashboard-parts.ts';
import { type KeptChange, readChanges, writeChange } from './kept-changes.ts';
import { goBack } from './rollback.ts';

type Step = ChangeStepRequest['step'];

/** Which states a step can follow. */
const FOLLOWS: Readonly<Record<Step, readonly KeptChange['state'][]>> = {
  test: ['candidate', 'tested', 'replayed', 'shadowed'],
  replay: ['tested', 'replayed', 'shadowed'],
  shadow: ['replayed'],
  enforce: ['replayed', 'shadowed'],
  rollback: ['enforced'],
  drop: ['candidate', 'tested', 'replayed', 'shadowed'],
};

/** Those that change the configuration need to be told why. */
const NEEDS_REASON: ReadonlySet<Step> = new Set<Step>(['enforce', 'rollback']);

const REPLAY_MS = 30 * 86_400_000;
const MOST_REPLAYED = 20_000;
const MOST_GENERATIONS = 30;

interface Running {
  readonly step: Step;
}

/** Changes of policy from the candidate to the rollback, each step recorded with who took it. */
export class Changes {
  readonly #parts: DashboardParts;
  /** Steps that take their time, by change; a process that ends begins none of them again. */
  readonly #running = new Map<string, Running>();

  constructor(parts: DashboardParts) {
    this.#parts = parts;
  }

  async view(): Promise<ChangesView> {
    const { store, reads } = this.#parts;
    // As it is before the changes are read: a step that ends in between has not ended for whoever looks now.
    const running = new Map(this.#running);
    const [changes, activations] = await Promise.all([readChanges(store), reads.activations(MOST_GENERATIONS + 1)]);
    const views = await Promise.all(changes.map((change) => this.#viewOf(change, running)));
    const generations = activations.slice(0, MOST_GENERATIONS).map((activation, index): GenerationRow => {
      const before = activations[index + 1];
      const text = before === undefined ? '' : changesText(changesBetween(before.facts, activation.facts));
      return {
        generation: shortHash(activation.generation),
        time: new Date(activation.at).toISOString(),
        why: activation.why,
        inForce: index === 0,
        changes: text === '' ? [] : text.split(', '),
      };
    });
    return { changes: views, generations };
  }

  async begin({ bundle, source }: NewChange, person: Person): Promise<ChangeView> {
    const { read, bench, store, clock } = this.#parts;
    const loaded = read();
    const path = resolve(dirname(loaded.path), source);
    const { digest, layer, isNew, rules } = await bench.look({ bundle, path });
    const id = decisionIds(clock)();
    const before = writtenSource(bundle, loaded) ?? null;
    const change: KeptChange = {
      id,
      bundle,
      source,
      path,
      layer,
      isNew,
      before,
      digest,
      rules: [...rules],
      state: 'candidate',
      shadowedMs: 0,
      problem: '',
      steps: [],
    };
    await this.#record(change, { step: 'begin', reason: '' }, person);
    const begun = withStep(change, { step: 'begin', time: this.#now(), person: person.actor, reason: '' });
    await writeChange(store, begun);
    return this.#viewOf(begun);
  }

  async step({ id, step, reason }: ChangeStepRequest, person: Person): Promise<ChangeView> {
    const change = (await readChanges(this.#parts.store)).find((one) => one.id === id);
    if (change === undefined) throw new GatewayError('RECORD_NOT_FOUND', `there is no change ${id}`);
    this.#refuse(change, step, reason);
    if (step === 'test' || step === 'replay') {
      this.#running.set(id, { step });
      void this.#runLong(change, step, person).finally(() => this.#running.delete(id));
      return this.#viewOf(change);
    }
    this.#running.set(id, { step });
    try {
      const done = await this.#apply(change, { step, reason }, person);
      await writeChange(this.#parts.store, done);
      this.#running.delete(id);
      return await this.#viewOf(done);
    } finally {
      this.#running.delete(id);
    }
  }

  #refuse({ id, state, tests }: KeptChange, step: Step, reason: string): void {
    const running = this.#running.get(id);
    if (running !== undefined) throw usage(`its ${running.step} is still running`, 'Wait until it is done.');
    if (NEEDS_REASON.has(step) && reason === '') throw usage(`to ${step} needs a reason`, 'Say why.');
    if (!FOLLOWS[step].includes(state)) {
      throw usage(`a change that is ${state.replace('_', ' ')} cannot take the step ${step}`, NEXT[state]);
    }
    if (step !== 'test' && step !== 'drop' && step !== 'rollback' && (tests?.failed ?? 0) > 0) {
      throw usage('tests of the candidate fail', 'Mend them and test it again.');
    }
  }

  /** Nobody waits for it; how it ended stands in the change. */
  async #runLong(change: KeptChange, step: 'test' | 'replay', person: Person): Promise<void> {
    const { bench, store, clock, logger } = this.#parts;
    const { bundle, path } = change;
    const taken = { step, time: this.#now(), person: person.actor, reason: '' };
    try {
      const { digest, rules } = await bench.look({ bundle, path });
      const current = withStep({ ...change, digest, rules: [...rules], problem: '' }, taken);
      await this.#record(current, { step, reason: '' }, person);
      if (step === 'test') {
        const { problems, ...tests } = await bench.test({ bundle, path });
        // What was replayed was another candidate, if it has changed since.
        const { replay, ...rest } = current;
        const kept = digest === change.digest && replay !== undefined ? { replay } : {};
        const state = tests.failed > 0 ? 'candidate' : 'tested';
        await writeChange(store, { ...rest, ...kept, tests: { ...tests, problems: [...problems] }, state });
        return;
      }
      refuseOther(change, digest);
      const replay = await bench.replay({ bundle, path }, clock.now() - REPLAY_MS, MOST_REPLAYED);
      const groups = replay.groups.map((group) => ({ ...group, rules: [...group.rules] }));
      await writeChange(store, { ...current, replay: { ...replay, groups }, state: 'replayed' });
    } catch (thrown) {
      logger.warn('a step of a change came to no end', { change: change.id, step, problem: messageOf(thrown) });
      await writeChange(store, { ...withStep(change, taken), problem: messageOf(thrown) }).catch(() => undefined);
    }
  }

  async #apply(change: KeptChange, taking: Taking, person: Person): Promise<KeptChange> {
    const { read, bench, clock } = this.#parts;
    const { step } = taking;
    const loaded = read();
    if (step === 'shadow' || step === 'enforce') {
      refuseOther(change, (await bench.look({ bundle: change.bundle, path: change.path })).digest);
    }
    await this.#record(change, taking, person);
    try {
      if (step === 'shadow') editConfiguration(loaded, shadowEdit(change, loaded), read);
      if (step === 'enforce') editConfiguration(loaded, enforceEdit(change, loaded), read);
      // One that was tested again is in shadow still.
      if (step === 'drop' && change.shadowedMs > 0) editConfiguration(loaded, dropEdit(change), read);
      if (step === 'rollback') await this.#rollBack(change, { loaded, reason: taking.reason }, person);
    } catch (thrown) {
      await this.#record(change, { step: `${step}_undone`, reason: `not done: ${messageOf(thrown)}` }, person);
      throw thrown;
    }
    const shadowedMs = step === 'shadow' ? clock.now() : change.shadowedMs;
    const state = STATES[step] ?? change.state;
    const { reason } = taking;
    return withStep(
      { ...change, state, shadowedMs, problem: '' },
      { step, time: this.#now(), person: person.actor, reason },
    );
  }

  async #rollBack(
    change: KeptChange,
    { loaded, reason }: { readonly loaded: LoadedConfig; readonly reason: string },
    person: Person,
  ): Promise<void> {
    const { store, read } = this.#parts;
    const { bundle, before } = change;
    if (change.isNew || (before !== null && before !== writtenSource(bundle, loaded))) {
      return editConfiguration(loaded, restoreEdit(change, before ?? undefined), read);
    }
    // The file names the same place as before: what lay there then is kept.
    await goBack({ store, config: loaded.config, actOf: (part) => actOf(this.#parts, person, part) }, undefined, {
      bundle,
      reason,
    });
  }

  /** Before anything changes: nothing is in force that nobody is on record for. */
  async #record(
    { id, bundle, source, digest, state }: KeptChange,
    { step, reason }: Taking,
    person: Person,
  ): Promise<void> {
    const after: JsonObject = { change: id, source, digest, step };
    await this.#parts.store.log.act(
      actOf(this.#parts, person, { verb: `change.${step}`, subject: bundle, before: { state }, after, reason }),
    );
  }

  async #viewOf(change: KeptChange, allRunning: ReadonlyMap<string, Running> = this.#running): Promise<ChangeView> {
    const { id, bundle, source, digest, state, problem, steps, rules, tests, replay, shadowedMs } = change;
    const running = allRunning.get(id);
    const { bench } = this.#parts;
    const words = running?.step === 'replay' ? `${String(await bench.replayed())} decisions so far` : '';
    const shadow =
      state === 'shadowed' ? await bench.shadowed(shadowId(change), shadowedMs).catch(() => undefined) : undefined;
    return {
      id,
      bundle,
      source,
      digest,
      state,
      problem,
      steps,
      rules,
      ...(tests !== undefined && { tests }),
      ...(replay !== undefined && { replay }),
      ...(shadow !== undefined && { shadow }),
      ...(running !== undefined && {
        running: {
          step: running.step,
          words,
        },
      }),
    };
  }

  #now(): string {
    return new Date(this.#parts.clock.now()).toISOString();
  }
}

interface Taking {
  readonly step: string;
  readonly reason: string;
}

const STATES: Partial<Readonly<Record<string, KeptChange['state']>>> = {
  shadow: 'shadowed',
  enforce: 'enforced',
  rollback: 'rolled_back',
  drop: 'dropped',
};

const NEXT: Readonly<Record<KeptChange['state'], string>> = {
  candidate: 'Test it next.',
  tested: 'Replay it next.',
  replayed: 'Put it in shadow or enforce it.',
  shadowed: 'Enforce it, or drop it.',
  enforced: 'It can be rolled back.',
  rolled_back: 'Begin a new change.',
  dropped: 'Begin a new change.',
};

function withStep(change: KeptChange, step: KeptChange['steps'][number]): KeptChange {
  return { ...change, steps: [...change.steps, step] };
}

function refuseOther({ digest }: KeptChange, now: string): void {
  if (now === digest) return;
  throw usage('the candidate was changed since it was tested', 'Test it again.');
}

function usage(message: string, mend: string): GatewayError {
  return new GatewayError('USAGE', message, { mend });
}
