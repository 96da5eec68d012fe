import { isLoopbackAddress } from '../core/bundle-address.ts';
import type { Complaint } from './problems.ts';
import type { ConfigFile } from './schema.ts';

type HttpSettings = Exclude<ConfigFile['gateway']['transports']['http'], false>;

/** What is wrong with where the gateway listens. */
export function bindingComplaints(config: ConfigFile): readonly Complaint[] {
  const { http, sse } = config.gateway.transports;
  const path = ['gateway', 'transports'];
  if (http === false) {
    if (sse === false) return [];
    return [
      {
        code: 'W_WITHOUT_EFFECT',
        path: [...path, 'sse'],
        message: 'has no effect while http is off',
        help: 'add http: {}, or start with serve --http',
        isAboutKey: true,
      },
    ];
  }
  const complaints: Complaint[] = [];
  if (!isLoopbackAddress(http.host)) complaints.push(...exposedComplaints(config, http));
  if (sse !== false && ['/messages', http.path].includes(sse.path)) {
    complaints.push({
      code: 'E_CONFLICT',
      path: [...path, 'sse', 'path'],
      message: `"${sse.path}" is a path of its own already`,
      help: 'use another, such as /sse',
    });
  }
  return complaints;
}

/** A listener that other hosts can reach asks who they are, and answers to a name that they can call it by. */
function exposedComplaints({ gateway: { auth } }: ConfigFile, http: HttpSettings): readonly Complaint[] {
  const path = ['gateway', 'transports', 'http', 'host'];
  if (auth === undefined) {
    return [
      {
        code: 'E_UNSAFE_BINDING',
        path,
        message: `"${http.host}" can be reached from other hosts, and nobody is asked who they are`,
        help: 'add gateway.auth, or use 127.0.0.1, ::1 or localhost',
      },
    ];
  }
  if (http.publicUrl !== undefined || http.allowedHosts.length > 0) return [];
  return [
    {
      code: 'W_WITHOUT_EFFECT',
      path,
      message: `"${http.host}" can be reached from other hosts, but by no name that is accepted in the Host header`,
      help: 'add publicUrl or allowedHosts',
    },
  ];
}

/** Somebody has to be let in. */
export function authComplaints({ gateway: { auth } }: ConfigFile): readonly Complaint[] {
  if (auth === undefined || auth.oidc !== undefined || auth.apiKeys) return [];
  return [
    {
      code: 'E_CONFLICT',
      path: ['gateway', 'auth'],
      message: 'lets nobody in',
      help: 'add oidc or apiKeys: true, or leave gateway.auth out',
    },
  ];
}
