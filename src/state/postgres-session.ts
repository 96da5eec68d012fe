import { createHash } from 'node:crypto';
import type { ClientBase } from 'pg';
import { GatewayError } from '../core/errors.ts';
import type { SqlRow } from './driver.ts';
import { refuseDoubt } from './postgres-doubt.ts';
import type { PreparedTexts } from './postgres-text.ts';
import { toStored } from './stored-text.ts';
import {
  type Answer,
  conflictClause,
  type Insertion,
  places,
  type Query,
  type Statement,
  type Turn,
  type Work,
} from './work.ts';

/** One connection while somebody uses it. */
export class PostgresSession {
  readonly #client: ClientBase;
  readonly #texts: PreparedTexts;
  #hasFailed = false;

  constructor(client: ClientBase, texts: PreparedTexts) {
    this.#client = client;
    this.#texts = texts;
  }

  /** Whether a statement has failed on it, so that nobody should go on with the connection. */
  get hasFailed(): boolean {
    return this.#hasFailed;
  }

  /** What a statement throws is thrown where the work waits for it. */
  async carryOut<T>(work: Work<T>): Promise<T> {
    let step = work.next();
    while (step.done !== true) {
      let answer: Answer;
      try {
        answer = await this.#answerOf(step.value);
      } catch (thrown) {
        step = work.throw(thrown);
        continue;
      }
      step = work.next(answer);
    }
    return step.value;
  }

  /** One or more statements without values; answers what the last one was. */
  async command(text: string): Promise<string> {
    return this.#orFail(async () => {
      // The library answers one result for each statement of several, which its types do not say.
      const results = [await this.#client.query(text)].flat();
      return results.at(-1)?.command ?? '';
    });
  }

  async transaction<T>(begin: string, work: () => Work<T>): Promise<T> {
    await this.command(begin);
    let answer: T;
    try {
      answer = await this.carryOut(work());
    } catch (thrown) {
      // What the work itself refuses says nothing against the connection.
      if (!this.#hasFailed) await this.goBack();
      throw thrown;
    }
    // After a failed statement the server answers a commit by going back, and calls that no error.
    if ((await this.command('commit')) === 'COMMIT') return answer;
    this.#hasFailed = true;
    throw new GatewayError('STORE_UNAVAILABLE', 'the store did not keep what was to be committed');
  }

  /** Undoes what was not committed. After that the connection is as good as before. */
  async goBack(): Promise<void> {
    await this.command('rollback');
    this.#hasFailed = false;
  }

  async #answerOf(query: Query): Promise<Answer> {
    const { rows, text, values } = statementOf(query);
    if (text === '') return { rows: [], changed: 0 };
    return this.#orFail(async () => {
      const prepared = this.#texts.of(text);
      const query = {
        text: prepared.text,
        values: values.map(toStored),
        ...(prepared.name && { name: prepared.name }),
      };
      const result = await this.#client.query<SqlRow>(query);
      return rows === 'none' ? { rows: [], changed: result.rowCount ?? 0 } : { rows: result.rows, changed: 0 };
    });
  }

  async #orFail<T>(asking: () => Promise<T>): Promise<T> {
    try {
      const answer = await asking();
      refuseDoubt(this.#client);
      return answer;
    } catch (thrown) {
      this.#hasFailed = true;
      throw thrown;
    }
  }
}

function statementOf(query: Query): Statement {
  if (query.rows === 'new') return insertion(query);
  return query.rows === 'alone' ? turn(query) : query;
}

/** All rows in one statement: each would go to the server and back. */
function insertion(rows: Insertion): Statement {
  const { into, tuples } = rows;
  const values = tuples.map((tuple) => `(${places(tuple)})`).join(', ');
  return { rows: 'none', text: `insert into ${into} values ${values}${conflictClause(rows)}`, values: tuples.flat() };
}

const TURN = 'select pg_advisory_xact_lock(key) from unnest(cast(? as bigint[])) as turn (key)';
const NO_TURN: Statement = { rows: 'none', text: '', values: [] };

/** In the order of the locks, so that no two wait for each other. Another thing that has the same number waits, too. */
function turn({ names }: Turn): Statement {
  const keys = new Set(names().map(lockOf));
  if (keys.size === 0) return NO_TURN;
  const inOrder = [...keys].toSorted((one, other) => (one < other ? -1 : 1));
  return { rows: 'none', text: TURN, values: [`{${inOrder.join(',')}}`] };
}

function lockOf(name: string): bigint {
  return createHash('sha256').update(name).digest().readBigInt64BE();
}
