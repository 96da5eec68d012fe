import type { IncomingMessage } from 'node:http';
import { GatewayError } from '../core/errors.ts';
import type { Authorizer, CredentialHeaders } from './authorizer.ts';
import type { Exchange, HttpBody, HttpDoor, HttpMethod } from './http-endpoint.ts';
import type { HeaderList } from './wire.ts';

/** An address whose server wants a sign-in: each request carries credentials, and is made once more with new ones. */
export class AuthorizedEndpoint implements HttpDoor {
  readonly #door: HttpDoor;
  readonly #authorizer: Authorizer;

  constructor(door: HttpDoor, authorizer: Authorizer) {
    this.#door = door;
    this.#authorizer = authorizer;
  }

  begin(method: HttpMethod, headers: HeaderList, body?: HttpBody): Exchange {
    let current: Exchange | undefined;
    let isAborted = false;
    const attempt = async (): Promise<Attempted> => {
      const sent = await this.#authorizer.headers();
      if (isAborted) throw new GatewayError('UPSTREAM_CLOSED', 'The request was given up before it was made.');
      current = this.#door.begin(method, [...headers, ...Object.entries(sent).flat()], body);
      return { answer: await current.answer, sent };
    };
    const abort = (): void => {
      isAborted = true;
      current?.abort();
    };
    return { answer: this.#withCredentials(attempt), abort };
  }

  close(): void {
    this.#door.close();
  }

  /** A 403 without a challenge is no question of credentials. */
  async #withCredentials(attempt: () => Promise<Attempted>): Promise<IncomingMessage> {
    const { answer, sent } = await attempt();
    const { statusCode: status = 0, headers } = answer;
    const wwwAuthenticate = headers['www-authenticate'];
    if (status !== 401 && (status !== 403 || wwwAuthenticate === undefined)) return answer;
    answer.resume();
    await this.#authorizer.challenged({ status, wwwAuthenticate, sent });
    return (await attempt()).answer;
  }
}

interface Attempted {
  readonly answer: IncomingMessage;
  readonly sent: CredentialHeaders;
}
