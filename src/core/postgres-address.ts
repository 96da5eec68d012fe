/** Where a PostgreSQL is and who asks it, as `postgres://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=…` says. */
export interface PostgresAddress {
  /** A name, an IP address, or the folder of a Unix socket, which begins with a slash. */
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  /** Empty where the server asks for none. */
  readonly password: string;
  readonly encryption: PostgresEncryption;
}

/**
 * As libpq names them (https://www.postgresql.org/docs/current/libpq-ssl.html). Its `allow` and `prefer` go on without
 * encryption where the server has none, or somebody between says so; they are not known here.
 */
export interface PostgresEncryption {
  readonly mode: SslMode;
  /** Absolute paths of PEM files; empty where there are none. */
  readonly rootCertificate: string;
  readonly certificate: string;
  readonly key: string;
}

const SSL_MODES = ['disable', 'require', 'verify-ca', 'verify-full'] as const;
export type SslMode = (typeof SSL_MODES)[number];

/** Why an address cannot be used. Never has a part of the address in it that may be secret. */
export interface BadAddress {
  readonly problem: string;
}

const DEFAULT_PORT = 5432;
const FILES = ['sslrootcert', 'sslcert', 'sslkey'] as const;
const OPTIONS: readonly string[] = ['host', 'sslmode', ...FILES];

export function parsePostgresAddress(text: string): PostgresAddress | BadAddress {
  const url = urlOf(text);
  if (url === undefined || !/^postgres(ql)?:$/.test(url.protocol)) {
    return bad('is no address such as postgres://USER:PASSWORD@HOST:5432/DATABASE');
  }
  const unknown = [...url.searchParams.keys()].find((name) => !OPTIONS.includes(name));
  if (unknown !== undefined) return bad(`has "${unknown}" behind the question mark; known are ${OPTIONS.join(', ')}`);
  const parts = partsOf(url);
  if (parts === undefined) return bad('has a % that begins no %XX; write %25 for the sign itself');
  const { host, database, user } = parts;
  if (host === '') return bad('names no host');
  if (host.includes(',')) return bad('names several hosts; name the one that leads to the primary');
  if (database === '') return bad('names no database: …/DATABASE');
  if (user === '') return bad('names no user: postgres://USER:PASSWORD@…');
  const mode = url.searchParams.get('sslmode') ?? (isHere(host) ? 'disable' : 'verify-full');
  if (!isSslMode(mode)) return bad(`has an sslmode that is none of ${SSL_MODES.join(', ')}`);
  const [rootCertificate = '', certificate = '', key = ''] = FILES.map((name) => url.searchParams.get(name) ?? '');
  if ([rootCertificate, certificate, key].some((path) => path !== '' && !path.startsWith('/'))) {
    return bad(`has a relative path behind ${FILES.join(', ')}; name files by their whole path`);
  }
  const port = url.port === '' ? DEFAULT_PORT : Number(url.port);
  return { ...parts, port, encryption: { mode, rootCertificate, certificate, key } };
}

/** As people read it; without the user and the password. */
export function nameOfAddress({ host, port, database }: PostgresAddress): string {
  const shown = host.includes(':') ? `[${host}]` : host;
  return `database ${database} on ${host.startsWith('/') ? host : `${shown}:${port}`}`;
}

/** Whether what is said to that host stays on this machine. */
function isHere(host: string): boolean {
  return host.startsWith('/') || host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

function bad(problem: string): BadAddress {
  return { problem };
}

function urlOf(text: string): URL | undefined {
  try {
    // A socket's address has no host, and a URL with a user must have one.
    return new URL(text.replace(/@\//, '@%2F/'));
  } catch {
    return undefined;
  }
}

type Parts = Pick<PostgresAddress, 'host' | 'database' | 'user' | 'password'>;

/** Undefined where something is not encoded as it should be. */
function partsOf(url: URL): Parts | undefined {
  try {
    const inPlace = decodeURIComponent(url.hostname).replace(/^\[(.+)\]$/, '$1');
    return {
      host: url.searchParams.get('host') ?? (inPlace === '/' ? '' : inPlace),
      database: decodeURIComponent(url.pathname.slice(1)),
      user: decodeURIComponent(url.username),
      password: decodeURIComponent(url.password),
    };
  } catch {
    return undefined;
  }
}

function isSslMode(text: string): text is SslMode {
  return SSL_MODES.some((mode) => mode === text);
}
