import { canonicalJson } from '../core/canonical-json.ts';
import { RPC, type RpcAnswer } from '../core/rpc.ts';
import { failed } from './asking.ts';
import { refusedError } from './error-answer.ts';
import type { Questions } from './input-required.ts';
import type { ServerQuestion } from './port.ts';
import { type Heard, hearQuestion, type Matter, refuseQuestion } from './question-decision.ts';
import { capabilityFor, kindOf, lackingIn } from './questions.ts';
import type { RoundParts } from './rounds.ts';

/** Questions of one task that are remembered; a server that asks more has asked the oldest long ago. */
const MOST_ASKED = 256;

interface Asked {
  readonly question: ServerQuestion;
  readonly heard?: Promise<Heard>;
  /** Set where it was asked of a client that does not declare it. */
  readonly refused?: Promise<unknown>;
}

/** What one task asks, by key, and what was decided when it was seen first. Another question under a key is another. */
export class TaskQuestions {
  readonly #asked = new Map<string, Asked>();

  /** Decides on all of it, each question once however often it is seen. Undefined where the client may be asked it all. */
  async hear(questions: Questions, matter: Matter, parts: RoundParts): Promise<RpcAnswer | undefined> {
    for (const [key, question] of Object.entries(questions)) {
      const refused = await this.#hear(key, question, { matter, parts });
      if (refused !== undefined) return refused;
    }
    return undefined;
  }

  /** The question under a key that the client was allowed to be asked. */
  async allowed(key: string): Promise<ServerQuestion | undefined> {
    const asked = this.#asked.get(key);
    const heard = await asked?.heard;
    return heard === undefined || heard.advice !== undefined ? undefined : asked?.question;
  }

  async #hear(key: string, question: ServerQuestion, { matter, parts }: Hearing): Promise<RpcAnswer | undefined> {
    const { caller, server } = matter;
    const asked = this.#same(key, question);
    const lacking = lackingIn(caller.capabilities, capabilityFor(question));
    if (lacking !== undefined && server.allow[kindOf(question)]) {
      const refused = asked.refused ?? refuseQuestion(question.method, matter, parts);
      this.#note(key, { ...asked, refused });
      await refused;
      return failed(RPC.missingCapability, 'The task asks for something that this client does not declare.', {
        requiredCapabilities: lacking,
      });
    }
    const heard = asked.heard ?? hearOnce(question, matter, parts);
    this.#note(key, { ...asked, heard });
    const { advice } = await heard;
    if (advice === undefined) return undefined;
    // What could not be recorded is no decision to keep.
    if (advice.object.reasons.includes('gateway.audit_unavailable')) this.#asked.delete(key);
    return refusedError(advice);
  }

  #same(key: string, question: ServerQuestion): Asked {
    const before = this.#asked.get(key);
    return before !== undefined && isSame(before.question, question) ? before : { question };
  }

  #note(key: string, asked: Asked): void {
    this.#asked.set(key, asked);
    const [oldest] = this.#asked.keys();
    if (this.#asked.size > MOST_ASKED && oldest !== undefined) this.#asked.delete(oldest);
  }
}

interface Hearing {
  readonly matter: Matter;
  readonly parts: RoundParts;
}

async function hearOnce(question: ServerQuestion, matter: Matter, parts: RoundParts): Promise<Heard> {
  const heard = await hearQuestion(question, matter, parts);
  if (heard.advice === undefined) heard.settle('ok');
  return heard;
}

function isSame(one: ServerQuestion, other: ServerQuestion): boolean {
  return one.method === other.method && canonicalJson(one.params) === canonicalJson(other.params);
}
