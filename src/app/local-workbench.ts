import { type BundleLoader, checkBundle, findBundle, readLibrary, rememberedValidation } from './bundles.ts';
import { configuredRow } from './configured-row.ts';
import { testBundle } from './bundle-tests.ts';
import { withCandidates } from './candidates.ts';
import { findPolicies } from './policy-list.ts';
import { SHIPPED_ANSWERS, type WantedBundle } from './policies.ts';
import { loadWhole, replayDecisions } from './replay.ts';
import { findServers } from './servers.ts';
import { shadowLines } from './shadow.ts';
import { wantedBundles } from './wanted.ts';
import type { LookedCandidate, TriedBundle, Workbench, WorkbenchSettings } from './workbench.ts';
import { storePlaceOf } from './store-place.ts';
import { loadConfig, type LoadedConfig } from '../config/load.ts';
import { canonicalJson, sha256Hex } from '../core/canonical-json.ts';
import type { Clock } from '../core/clock.ts';
import { GatewayError } from '../core/errors.ts';
import { shortHash } from '../core/generation.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import type { Logger } from '../core/logger.ts';
import { LAYERS } from '../core/opinion.ts';
import type { SealedRecord } from '../core/record.ts';
import { NO_SIGNATURE_DEMANDED } from '../core/signature.ts';
import type { ChangeView, PoliciesView } from '../dashboard/api-policies.ts';
import type { AgainView } from '../dashboard/api.ts';
import { readBundle } from '../policy/bundle-files.ts';
import type { Rule } from '../policy/annotation.ts';
import type { PolicySet } from '../policy/policy-set.ts';
import type { RuleBook } from '../policy/rule-book.ts';
import { Toolchain } from '../rego/toolchain.ts';
import { sentenceOf } from '../review/explain.ts';
import { decideAgain } from '../review/replay-again.ts';
import { OPEN_LOOP } from '../review/replay-counting.ts';
import { Kinships } from '../review/replay-policy.ts';
import { Visibilities } from '../review/replay-visibility.ts';
import { ChainKeys } from '../state/chain-key.ts';
import { DecisionReader } from '../state/decision-reader.ts';
import { type CheckedLog, LogChecker } from '../state/log-checker.ts';

const SILENT: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore };

function ignore(): void {
  // What is wrong is answered to whoever asks.
}

/** The workbench on the thread that calls it. The configuration is read anew for each question. */
export class LocalWorkbench implements Workbench {
  readonly #settings: WorkbenchSettings;
  readonly #clock: Clock;
  readonly #toolchain: Toolchain;
  readonly #loader: BundleLoader;
  #checker: LogChecker | undefined;
  #replayed = 0;

  constructor(settings: WorkbenchSettings, clock: Clock) {
    this.#settings = settings;
    this.#clock = clock;
    this.#toolchain = new Toolchain({ cacheFolder: settings.cache, shippedFolder: SHIPPED_ANSWERS, maxProcesses: 1 });
    const validate = rememberedValidation(this.#toolchain);
    this.#loader = { toolchain: this.#toolchain, library: readLibrary(), validate };
  }

  async again(id: string, args: JsonObject | undefined): Promise<AgainView> {
    const loaded = this.#read();
    return this.#reading(loaded, async (reader) => {
      const record = await reader.find(id);
      const before = { effect: record.effect, reasons: record.reasons };
      const { policy } = await this.#active(loaded, reader);
      const library = sha256Hex(canonicalJson(this.#loader.library));
      const again = decideAgain(args === undefined ? record : withArguments(record, args), {
        by: { policy, library },
        counting: OPEN_LOOP,
        heard: undefined,
        kinships: new Kinships(),
        visibilities: new Visibilities(),
      });
      if (again.kind === 'not_replayable') {
        return { before, now: before, sentence: '', problem: `It cannot be made again: ${again.why}.` };
      }
      const { effect, reasons } = again.decision;
      const same = effect === record.effect && reasons.join(' ') === record.reasons.join(' ');
      const because = reasons.length === 0 ? '' : ` Because of ${reasons.join(', ')}.`;
      const sentence = `${sentenceOf({ ...record, effect })}${because}${same ? ' Nothing has changed.' : ''}`;
      return { before, now: { effect, reasons }, sentence, problem: '' };
    });
  }

  async policies(): Promise<PoliciesView> {
    const loaded = this.#read();
    return this.#reading(loaded, async (reader) => {
      const { config, path: configPath, commands } = loaded;
      const place = { config, configPath, commands, reader, home: this.#settings.home, now: this.#clock.now() };
      const found = await findPolicies(place, this.#loader);
      const activations = await reader.generations.activations(MOST_ACTIVATIONS);
      return {
        generation: shortHash(activations[0]?.generation ?? ''),
        bundles: found.map((one) => configuredRow(one, { loaded, activations })),
      };
    });
  }

  async look(tried: TriedBundle): Promise<LookedCandidate> {
    const loaded = this.#read();
    return this.#reading(loaded, async (reader) => {
      const { wanted } = await this.#wanted(loaded, reader);
      const now = wanted.find(({ id }) => id === tried.bundle);
      const origin = { kind: 'path', path: tried.path } as const;
      const wish = { id: tried.bundle, origin, data: now?.data ?? {}, demand: NO_SIGNATURE_DEMANDED };
      const { bundle, rules } = await checkBundle(await findBundle(wish, this.#loader), this.#loader);
      if (now !== undefined && now.layer !== bundle.layer) {
        const message = `the candidate is of layer ${bundle.layer}; the configuration has ${now.id} as ${now.layer}`;
        throw new GatewayError('BUNDLE_INVALID', message);
      }
      const before = now === undefined ? new Map<string, Rule>() : await this.#rulesOf(now);
      const isNew = now === undefined;
      return { digest: bundle.digest, layer: bundle.layer, isNew, rules: ruleChanges(before, rules) };
    });
  }

  async #rulesOf({ id, origin, data, demand }: WantedBundle): Promise<RuleBook> {
    if (origin === undefined) return new Map();
    return (await checkBundle(await findBundle({ id, origin, data, demand }, this.#loader), this.#loader)).rules;
  }

  async test({ path }: TriedBundle): Promise<NonNullable<ChangeView['tests']>> {
    const { tests } = await testBundle(await readBundle(path), this.#loader, { clock: this.#clock });
    const failed = tests.filter(({ outcome }) => outcome !== 'pass');
    return {
      passed: tests.length - failed.length,
      failed: failed.length,
      problems: failed.map(({ name, outcome }) => `${name}: ${outcome}`),
    };
  }

  async replay(tried: TriedBundle, since: number, most: number): Promise<NonNullable<ChangeView['replay']>> {
    const loaded = this.#read();
    this.#replayed = 0;
    return this.#reading(loaded, async (reader) => {
      const { policy: active, wanted } = await this.#active(loaded, reader);
      const { bundle: id, path } = tried;
      const isNew = !wanted.some((one) => one.id === id);
      const next = await withCandidates([{ id, path, isNew }], { config: loaded.config, wanted }, this.#loader);
      const candidate = await this.#load(loaded, next);
      const keys = new ChainKeys(this.#settings.home);
      const report = await replayDecisions(
        {
          records: reader.sealed({ filter: { since, limit: most }, keys, withOutcomes: false }),
          generations: reader.generations,
          active,
          candidate,
          loop: 'open',
          onProgress: ({ replayed }) => (this.#replayed = replayed),
        },
        { loader: this.#loader, clock: this.#clock },
      );
      const { replayed, classes, groups } = report;
      const shown = groups.map((group) => ({
        class: group.class,
        rules: group.rules,
        count: group.count,
        example: group.example.id,
      }));
      return { replayed, classes, groups: shown };
    });
  }

  evidence(): Promise<CheckedLog> {
    const { home } = this.#settings;
    this.#checker ??= new LogChecker({ ...storePlaceOf(this.#read().config), home });
    return this.#checker.look();
  }

  async replayed(): Promise<number> {
    return this.#replayed;
  }

  async shadowed(bundle: string, since: number): Promise<NonNullable<ChangeView['shadow']>> {
    const loaded = this.#read();
    return this.#reading(loaded, async (reader) => {
      const lines = (await shadowLines(reader, loaded.config, since)).filter((line) => line.bundle === bundle);
      return {
        seen: lines.reduce((sum, { decisions }) => sum + decisions, 0),
        wouldChange: lines.reduce((sum, { changed }) => sum + changed, 0),
      };
    });
  }

  async close(): Promise<void> {
    await this.#toolchain.close();
  }

  #read(): LoadedConfig {
    const { path, variables, workingFolder, home, userHome } = this.#settings;
    return loadConfig({ path, environment: variables, workingFolder, home, userHome });
  }

  async #reading<T>({ config }: LoadedConfig, work: (reader: DecisionReader) => Promise<T>): Promise<T> {
    const reader = new DecisionReader(storePlaceOf(config));
    try {
      return await work(reader);
    } finally {
      await reader.close();
    }
  }

  async #active(loaded: LoadedConfig, reader: DecisionReader): Promise<Active> {
    const { wanted } = await this.#wanted(loaded, reader);
    return { wanted, policy: await this.#load(loaded, wanted) };
  }

  async #wanted({ config }: LoadedConfig, reader: DecisionReader): Promise<Pick<Active, 'wanted'>> {
    const { home, variables, nodePath, platform } = this.#settings;
    const found = await findServers(config, {
      home,
      host: { platform, nodePath, environment: variables },
      logger: SILENT,
      // Only a gateway that serves decides which package it runs.
      memory: { readFact: (owner, name) => reader.fact(owner, name), writeFact: async () => undefined },
      signal: new AbortController().signal,
    });
    return { wanted: wantedBundles(config, found) };
  }

  #load({ config }: LoadedConfig, wanted: readonly WantedBundle[]): Promise<PolicySet> {
    const { layers, evaluationFuel, engine } = config.policies;
    const required = LAYERS.filter((layer) => layers[layer].required);
    return loadWhole(wanted, { loader: this.#loader, required, evaluationFuel, engine, clock: this.#clock });
  }
}

const MOST_ACTIVATIONS = 200;

interface Active {
  readonly wanted: readonly WantedBundle[];
  readonly policy: PolicySet;
}

/** The same call with other arguments; that they fit the tool's schema is not looked at again. */
function withArguments(record: SealedRecord, args: JsonObject): SealedRecord {
  const { input, combine, server, tool } = record;
  const { action } = input;
  if (record.action !== 'tool_call' || !isJsonObject(action)) {
    throw new GatewayError('USAGE', 'only a call of a tool can be tried with other arguments');
  }
  const hash = sha256Hex(`${server}\n${tool}\n${canonicalJson(args)}`);
  const own = combine.own.filter(({ reason }) => reason !== 'gateway.invalid_arguments');
  return {
    ...record,
    input: { ...input, action: { ...action, args, hash } } as JsonObject,
    combine: { ...combine, own },
  };
}

type RuleChange = ChangeView['rules'][number];

function ruleChanges(before: RuleBook, after: RuleBook): readonly RuleChange[] {
  const gone = [...before.values()].filter(({ id }) => !after.has(id));
  const told = [...after.values()].flatMap((rule): readonly RuleChange[] => {
    const { id, title } = rule;
    const old = before.get(id);
    if (old === undefined) return [{ change: 'new', rule: id, title }];
    return wordsOf(old) === wordsOf(rule) ? [] : [{ change: 'other', rule: id, title }];
  });
  return [...told, ...gone.map(({ id, title }): RuleChange => ({ change: 'gone', rule: id, title }))];
}

function wordsOf({ title, description, remediation, owner, control }: Rule): string {
  return [title, description, remediation, owner, control].join('\n');
}
