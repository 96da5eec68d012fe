import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { freePort } from '../e2e/free-port.ts';
import { aPlace, type AtEnd, type HttpGateway, type Place, runProgram, serveHttp } from '../e2e/program.ts';
import { type Nginx, startNginx } from './nginx.ts';
import { freshDatabase } from '../postgres/shared.ts';

/** Milliseconds for which nginx leaves out a gateway that refused: `fail_timeout` in deploy/nginx.conf. */
const LEFT_OUT_MS = 2000;

export interface ReplicasOptions {
  /** Members of each replica's configuration beside its address and the store. */
  readonly configIn: (folder: string) => Given;
  readonly atEnd: AtEnd;
}

export interface Given {
  readonly gateway?: object;
  readonly decisions?: object;
  readonly mcpServers: object;
  readonly policies?: object;
}

export interface Replicas {
  /** Streamable HTTP, through nginx. */
  readonly url: string;
  readonly database: string;
  readonly nginx: Nginx;
  /** Each is a host of its own, with a folder, a home and its servers. */
  readonly places: readonly Place[];
  readonly ports: readonly number[];
  /**
   * `kill -9` of the next one in turn, if the last one that was killed is back among those that nginx asks; resolves when
   * it is dead. It is started again at once.
   */
  readonly killNext: () => Promise<void>;
  /** How many times one was killed. */
  readonly kills: () => number;
  /** Resolves when all run and nginx asks all of them. */
  readonly allBack: () => Promise<void>;
}

/** Three gateways on one database of the run's PostgreSQL, behind nginx. */
export async function startReplicas({ configIn, atEnd }: ReplicasOptions): Promise<Replicas> {
  const database = await freshDatabase();
  const [port, ...ports] = [await freePort(), await freePort(), await freePort(), await freePort()] as const;
  const url = `http://127.0.0.1:${port}/mcp`;
  const configure = (folder: string): string => configuration(configIn(folder), { url, database });
  const places = ports.map(() => aPlace(configure, atEnd));
  await shareKey(places);
  const start = (index: number): Promise<HttpGateway> =>
    serveHttp(at(places, index), { args: ['--http', `127.0.0.1:${at(ports, index)}`], atEnd });
  const running = await Promise.all(ports.map((_, index) => start(index)));
  const nginx = await startNginx({ port, gateways: ports }, atEnd);

  let killed = 0;
  let isBack = true;
  let back: Promise<void> = Promise.resolve();
  const startAgain = async (index: number): Promise<void> => {
    running[index] = await start(index);
    await wait(LEFT_OUT_MS);
    isBack = true;
  };
  const killNext = async (): Promise<void> => {
    if (!isBack) return;
    isBack = false;
    const index = killed++ % ports.length;
    const { process } = at(running, index);
    const dead = new Promise((settle) => process.once('exit', settle));
    process.kill('SIGKILL');
    await dead;
    back = startAgain(index);
  };
  return { url, database, nginx, places, ports, killNext, kills: () => killed, allBack: () => back };
}

function configuration(given: Given, { url, database }: { readonly url: string; readonly database: string }): string {
  // One that has just started is asked at once, and its lists are to be whole on a busy machine, too.
  const gateway = { startWait: '60s', ...given.gateway, transports: { http: { publicUrl: url }, sse: {} } };
  const decisions = { ...given.decisions, store: { driver: 'postgres', url: database } };
  return JSON.stringify({ version: 1, ...given, gateway, decisions });
}

/** The store is begun by one, as an administrator does it, and the others get its key. */
async function shareKey([first, ...others]: readonly Place[]): Promise<void> {
  if (first === undefined) return;
  const { code, stderr } = await runProgram(first, ['key', 'ls']);
  if (code !== 0) throw new Error(stderr);
  for (const other of others) {
    mkdirSync(join(other.folder, 'home'), { recursive: true, mode: 0o700 });
    copyFileSync(join(first.folder, 'home', 'chain.key'), join(other.folder, 'home', 'chain.key'));
  }
}

function at<T>(list: readonly T[], index: number): T {
  const one = list[index];
  if (one === undefined) throw new Error(`there is no ${index}`);
  return one;
}
