import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDashboard, type DashboardGround } from '../../src/app/dashboard.ts';
import { makeLink } from '../../src/app/dashboard-people.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { SessionView } from '../../src/dashboard/api.ts';
import type { DashboardDoor } from '../../src/dashboard/server.ts';
import { Store } from '../../src/state/store.ts';
import { realClock, silent } from '../state/records.ts';

export interface ShownDashboard {
  readonly home: string;
  readonly configPath: string;
  readonly store: Store;
  readonly ground: DashboardGround;
  readonly door: DashboardDoor;
  close(): Promise<void>;
}

export const OWNER = { person: 'maya', groups: [], key: '', actor: 'user:maya', via: 'terminal' } as const;

/** A dashboard over a store of its own, without a gateway. */
export async function aDashboard(settings: object = {}): Promise<ShownDashboard> {
  const home = mkdtempSync(join(tmpdir(), 'mcp-gateway-dashboard-'));
  const configPath = join(home, 'mcp-gateway.yaml');
  const config = { version: 1, mcpServers: {}, dashboard: { port: 0 }, ...settings };
  writeFileSync(configPath, JSON.stringify(config, null, 2));
  const store = await Store.open({
    home,
    path: join(home, 'decisions.db'),
    durability: 'normal',
    clock: realClock,
    logger: silent,
  });
  const environment = { ...process.env };
  const read = () => loadConfig({ path: configPath, environment, workingFolder: home, home, userHome: home });
  const ground: DashboardGround = {
    store,
    home,
    configPath,
    read,
    workingFolder: home,
    userHome: home,
    login: 'maya',
    config: read().config,
    cache: join(process.cwd(), 'node_modules/.cache/mcp-gateway-tests'),
    version: '1.2.3',
    host: {
      platform: process.platform,
      nodePath: process.execPath,
      environment,
    },
    clock: realClock,
    logger: silent,
  };
  const door = await openDashboard(ground);
  return {
    home,
    configPath,
    store,
    ground,
    door,
    close: async () => {
      await door.close();
      await store.close();
      rmSync(home, {
        recursive: true,
        force: true,
      });
    },
  };
}

export interface Answered {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

export interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** One request, with exactly these headers beside Host. */
export function ask(url: string, { method = 'GET', headers = {}, body }: Asked = {}): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const asking = request(url, { method, headers, agent: false }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (chunk: string) => (text += chunk));
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text }));
      answer.on('error', reject);
    });
    asking.on('error', reject);
    asking.end(body);
  });
}

/** A browser that is signed in. */
export class Browser {
  readonly url: string;
  readonly cookie: string;
  csrf = '';

  private constructor(url: string, cookie: string) {
    this.url = url;
    this.cookie = cookie;
  }

  static async signIn({ store, door }: Pick<ShownDashboard, 'store' | 'door'>, maker: object = {}): Promise<Browser> {
    const token = await makeLink(store, realClock, { ...OWNER, readsOnly: false, ...maker });
    const answer = await logIn(door.url, token);
    if (answer.status !== 200) throw new Error(answer.text);
    const browser = new Browser(door.url, cookieIn(answer));
    browser.csrf = (await browser.json<SessionView>('/api/session')).csrf;
    return browser;
  }

  get(path: string, headers: Asked['headers'] = {}): Promise<Answered> {
    return ask(`${this.url}${path}`, { headers: { cookie: this.cookie, ...headers } });
  }

  async json<T>(path: string): Promise<T> {
    const { status, text } = await this.get(path);
    if (status !== 200) throw new Error(`${path} answers ${String(status)}: ${text}`);
    return JSON.parse(text) as T;
  }

  post(path: string, body: object = {}, headers: Asked['headers'] = {}): Promise<Answered> {
    const { url, cookie, csrf } = this;
    const own = { cookie, origin: url, 'content-type': 'application/json', 'x-csrf-token': csrf };
    return ask(`${url}${path}`, { method: 'POST', headers: { ...own, ...headers }, body: JSON.stringify(body) });
  }
}

export function logIn(url: string, token: string, headers: Asked['headers'] = {}): Promise<Answered> {
  const own = { origin: url, 'content-type': 'application/json' };
  return ask(`${url}/api/login`, { method: 'POST', headers: { ...own, ...headers }, body: JSON.stringify({ token }) });
}

export function cookieIn({ headers }: Answered): string {
  return headers['set-cookie']?.[0]?.split(';')[0] ?? '';
}
