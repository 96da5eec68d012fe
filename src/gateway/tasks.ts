import { GatewayError } from '../core/errors.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import type { OutcomeStatus } from '../core/record.ts';
import { RPC, type RpcAnswer, type RpcError } from '../core/rpc.ts';
import { askClient, failed } from './asking.ts';
import type { Forwarding, Said, TaskNews, Tasks } from './dialogue.ts';
import { refusedError } from './error-answer.ts';
import { stateAlone } from './interim.ts';
import { relayTo } from './notices.ts';
import type { Caller, Exchange, Following, FollowRequest, ServerQuestion, TaskRequest } from './port.ts';
import { hearAnswer, noteMethod } from './question-decision.ts';
import { lackingIn } from './questions.ts';
import { principalOf } from './request-state.ts';
import { withoutOwnMeta } from './result-facts.ts';
import { matterOf, type RoundParts } from './rounds.ts';
import { followTasks } from './task-following.ts';
import { relatedTaskIn, taskIdIn, taskMadeBy } from './task-ids.ts';
import { judgeResult } from './task-results.ts';
import { type KnownTask, TaskRegistry } from './task-registry.ts';
import { hearEnd, matterIn, relatedAsShown, shownIfOf, shownUnder, tellError, tellState } from './task-states.ts';
import { withoutQuestions } from './upstream-errors.ts';

/** What a client must declare to get tasks from a stateless server. */
const EXTENSION = { extensions: { 'io.modelcontextprotocol/tasks': {} } };

const METHODS = {
  session: ['tasks/get', 'tasks/list', 'tasks/result', 'tasks/cancel'],
  stateless: ['tasks/get', 'tasks/update', 'tasks/cancel'],
} as const;

/** A page of `tasks/list`, and how many of its tasks are asked after at a time. */
const PAGE = 50;
const AT_A_TIME = 8;

/**
 * Tasks (MCP 2025-11-25, basic/utilities/tasks; extension io.modelcontextprotocol/tasks for 2026-07-28). A task belongs
 * to the call that made it and to its principal, and is asked for at the instance that made it. Its result, answers to
 * it and its end are recorded with that call; looking whether it is done yet is not.
 */
export class TaskBook implements Tasks {
  readonly #parts: RoundParts;
  readonly #tasks: TaskRegistry;

  constructor(parts: RoundParts) {
    this.#parts = parts;
    this.#tasks = new TaskRegistry(parts.clock, parts.place);
  }

  /** The server's result as its client gets it; a task that it made is known from now on. */
  note(forwarding: Forwarding, result: JsonObject): Said {
    const state = taskMadeBy(result, forwarding.params);
    if (state === undefined) return { kind: 'result', result };
    const { server, caller, method } = forwarding;
    if (method !== 'tools/call') {
      throw new GatewayError('UPSTREAM_PROTOCOL', `the server ${server.id} answered ${method} with a task`);
    }
    if (result['resultType'] === 'task' && lackingIn(caller.capabilities, EXTENSION) !== undefined) {
      throw new GatewayError(
        'UPSTREAM_PROTOCOL',
        `the server ${server.id} made a task, which this client cannot follow`,
      );
    }
    const task = this.#tasks.add(state, { ...matterOf(forwarding), judged: forwarding.judged });
    return { kind: 'result', result: shownUnder(result, task, this.#parts.expose) };
  }

  async answer(request: TaskRequest, caller: Caller, exchange: Exchange): Promise<RpcAnswer> {
    if (!METHODS[caller.era].some((method) => method === request.method)) {
      return failed(RPC.methodNotFound, `The method ${request.method} is not available here.`);
    }
    const error = caller.era === 'stateless' ? undeclared(caller) : undefined;
    if (error !== undefined) return { kind: 'failure', error };
    if (request.method === 'tasks/list') return this.#list(request, caller, exchange);
    const task = this.#tasks.find(taskIdIn(request.params) ?? '', caller);
    if (task === undefined) return failed(RPC.invalidParams, 'There is no such task.');
    return this.#ask(request, task, { caller, exchange });
  }

  async follow({ taskIds, onChanged }: FollowRequest, caller: Caller, signal: AbortSignal): Promise<Following> {
    const error = undeclared(caller);
    if (error !== undefined) return { kind: 'refused', error };
    const own = taskIds.flatMap((shownId) => this.#tasks.find(shownId, caller) ?? []);
    const { tasks, stop } = await followTasks(own, signal, {
      follow: this.#parts.follow,
      tell: (state, task) => this.#tell(state, task, caller),
      look: (task, closing) => this.#get(LOOK, task, { caller, exchange: { ...UNHEARD, signal: closing } }),
      onChanged,
      logger: this.#parts.logger,
    });
    return { kind: 'following', taskIds: tasks.map(({ shownId }) => shownId), stop };
  }

  route(server: string, params: JsonObject, isTold: (session: string) => boolean): TaskNews | undefined {
    const taskId = taskIdIn(params) ?? relatedTaskIn(params);
    const task = taskId === undefined ? undefined : this.#tasks.at(server, taskId, ({ session }) => isTold(session));
    return task === undefined
      ? undefined
      : { caller: task.caller, params: shownUnder(stateAlone(params), task, this.#parts.expose) };
  }

  /** The task on whose behalf a server asks. */
  behind(server: string, params: JsonObject, asked: Caller): KnownTask | undefined {
    const related = relatedTaskIn(params);
    if (related === undefined) return undefined;
    const own = this.#tasks.at(server, related, ({ session }) => session === asked.session);
    return own ?? this.#tasks.at(server, related, (caller) => principalOf(caller) === principalOf(asked));
  }

  #ask(request: TaskRequest, task: KnownTask, asking: Asking): Promise<RpcAnswer> {
    switch (request.method) {
      case 'tasks/get':
        return this.#get(request, task, asking);
      case 'tasks/update':
        return this.#update(request, task, asking);
      case 'tasks/list':
      case 'tasks/result':
      case 'tasks/cancel':
        return this.#recorded(request, task, asking);
    }
  }

  async #get(request: TaskRequest, task: KnownTask, asking: Asking): Promise<RpcAnswer> {
    const answer = await this.#send(request, task, asking);
    if (answer.kind === 'result') return this.#tell(answer.result, task, asking.caller);
    return tellError(answer.error, { task, caller: asking.caller, parts: this.#parts });
  }

  #tell(state: JsonObject, task: KnownTask, caller: Caller): Promise<RpcAnswer> {
    this.#tasks.keep(task, state);
    return tellState(withoutOwnMeta(state), { task, caller, parts: this.#parts });
  }

  /** Answers to what the task did not ask, or was not allowed to ask, go nowhere. */
  async #update(request: TaskRequest, task: KnownTask, asking: Asking): Promise<RpcAnswer> {
    const { inputResponses } = request.params;
    if (!isJsonObject(inputResponses) || !Object.values(inputResponses).every(isJsonObject)) {
      return failed(RPC.invalidParams, 'inputResponses must be an object of objects.');
    }
    const answers: { readonly key: string; readonly question: ServerQuestion; readonly answer: JsonObject }[] = [];
    for (const [key, answer] of Object.entries(inputResponses)) {
      const question = await task.asked.allowed(key);
      if (question !== undefined && isJsonObject(answer)) answers.push({ key, question, answer });
    }
    for (const { question, answer } of answers) {
      const { advice, settle } = await hearAnswer({ question, answer }, matterIn(task, asking.caller), this.#parts);
      if (advice !== undefined) return refusedError(advice);
      settle('ok');
    }
    const responses = Object.fromEntries(answers.map(({ key, answer }) => [key, answer]));
    return this.#recorded({ ...request, params: { ...request.params, inputResponses: responses } }, task, asking);
  }

  async #recorded(request: TaskRequest, task: KnownTask, asking: Asking): Promise<RpcAnswer> {
    const { advice, settle } = await noteMethod(request.method, matterIn(task, asking.caller), this.#parts);
    if (advice !== undefined) return refusedError(advice);
    const answer = await this.#send(request, task, asking).catch((thrown: unknown) => {
      settle(thrown instanceof GatewayError && thrown.code === 'CANCELLED' ? 'cancelled' : 'unknown');
      throw thrown;
    });
    settle(statusOf(answer));
    if (request.method === 'tasks/result') return this.#result(answer, task, asking);
    if (answer.kind === 'failure') {
      return tellError(answer.error, { task, caller: asking.caller, parts: this.#parts });
    }
    const said = withoutQuestions(answer, task.server.id, request.method);
    return said.kind === 'failure'
      ? said
      : { kind: 'result', result: shownUnder(stateAlone(said.result), task, this.#parts.expose) };
  }

  /** The answer to the call that made the task. */
  async #result(answer: RpcAnswer, task: KnownTask, { caller }: Asking): Promise<RpcAnswer> {
    const heard = await hearEnd(answer, { task, caller, parts: this.#parts });
    if (heard.kind === 'refused') return heard.answer;
    const said = await judgeResult(heard.answer, { task, caller }, this.#parts);
    return said.kind === 'failure'
      ? said
      : { kind: 'result', result: shownUnder(said.result, task, this.#parts.expose) };
  }

  #send({ method, params, meta }: TaskRequest, task: KnownTask, { caller, exchange }: Asking): Promise<RpcAnswer> {
    const { signal, logLevel, onProgress, ask } = exchange;
    const { inputResponses } = params;
    const relay = relayTo(exchange);
    const matter = matterIn(task, caller);
    return this.#parts.send({
      server: task.server,
      caller: task.caller,
      isAfterwards: true,
      method,
      params: {
        taskId: task.taskId,
        ...(method === 'tasks/update' && inputResponses !== undefined ? { inputResponses } : {}),
        ...(Object.keys(meta).length === 0 ? {} : { _meta: meta }),
      },
      options: {
        signal,
        logLevel,
        onProgress,
        onNotification: (notification) => relay(shownIfOf(task, notification, this.#parts.expose)),
        onRequest:
          ask &&
          ((request, aborted, progress) => {
            const way = { ask, signal: aborted, onProgress: progress, parts: this.#parts };
            return askClient(relatedAsShown(request, task), matter, way);
          }),
      },
    });
  }

  /** Servers list the tasks of all who share an instance, so each of the caller's own is asked for by itself. */
  async #list({ params, meta }: TaskRequest, caller: Caller, exchange: Exchange): Promise<RpcAnswer> {
    const own = this.#tasks.ofPrincipal(caller);
    const { cursor } = params;
    const before = cursor === undefined ? -1 : own.findIndex(({ shownId }) => encoded(shownId) === cursor);
    if (cursor !== undefined && before < 0) return failed(RPC.invalidParams, 'There is no such cursor.');
    const page = own.slice(before + 1, before + 1 + PAGE);
    const tasks: JsonObject[] = [];
    for (let first = 0; first < page.length; first += AT_A_TIME) {
      const request: TaskRequest = { method: 'tasks/get', params: {}, meta };
      const some = page.slice(first, first + AT_A_TIME).map((task) => this.#look(request, task, { caller, exchange }));
      tasks.push(...(await Promise.all(some)).flat());
    }
    const last = page.at(-1);
    const isEnd = last === undefined || last === own.at(-1);
    return { kind: 'result', result: { tasks, ...(isEnd ? {} : { nextCursor: encoded(last.shownId) }) } };
  }

  /** A task whose server does not answer is left out; one that its server does not know any more is forgotten. */
  async #look(request: TaskRequest, task: KnownTask, asking: Asking): Promise<readonly JsonObject[]> {
    try {
      const answer = await this.#send(request, task, asking);
      if (answer.kind === 'result') return [this.#summary(answer.result, task)];
      if (answer.error.code === RPC.invalidParams) this.#tasks.remove(task);
    } catch (thrown) {
      if (!(thrown instanceof GatewayError)) throw thrown;
    }
    return [];
  }

  /** What a task asks and how it ended is decided when it is asked for by itself, and is no part of a list. */
  #summary(state: JsonObject, task: KnownTask): JsonObject {
    this.#tasks.keep(task, state);
    return shownUnder(stateAlone(state), task, this.#parts.expose);
  }
}

const LOOK: TaskRequest = { method: 'tasks/get', params: {}, meta: {} };

/** Nobody waits for anything but the answer. */
const UNHEARD: Omit<Exchange, 'signal'> = {
  dropped: [],
  onProgress: undefined,
  logLevel: undefined,
  notify: () => undefined,
  ask: undefined,
};

interface Asking {
  readonly caller: Caller;
  readonly exchange: Exchange;
}

function undeclared({ capabilities }: Caller): RpcError | undefined {
  const requiredCapabilities = lackingIn(capabilities, EXTENSION);
  return requiredCapabilities === undefined
    ? undefined
    : {
        code: RPC.missingCapability,
        message: 'The client does not declare tasks.',
        data: { requiredCapabilities },
      };
}

function statusOf(answer: RpcAnswer): OutcomeStatus {
  if (answer.kind === 'failure') return 'protocol_error';
  return answer.result['isError'] === true ? 'tool_error' : 'ok';
}

function encoded(shownId: string): string {
  return Buffer.from(shownId).toString('base64url');
}
