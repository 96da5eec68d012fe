import { isLoopbackAddress } from '../core/bundle-address.ts';
import type { Complaint } from './problems.ts';
import type { ConfigFile } from './schema.ts';

/** What is wrong with where the dashboard listens and with whom it lets in. */
export function dashboardComplaints({ dashboard, gateway }: ConfigFile): readonly Complaint[] {
  const { host, oidc, rights, publicUrl } = dashboard;
  const complaints: Complaint[] = [];
  if (oidc === undefined && !isLoopbackAddress(host)) {
    complaints.push({
      code: 'E_UNSAFE_BINDING',
      path: ['dashboard', 'host'],
      message: `"${host}" can be reached from other hosts, and nobody has to sign in`,
      help: 'add dashboard.oidc, or use 127.0.0.1, ::1 or localhost',
    });
  }
  if (oidc !== undefined && oidc.issuer === undefined && gateway.auth?.oidc === undefined) {
    complaints.push({
      code: 'E_CONFLICT',
      path: ['dashboard', 'oidc'],
      message: 'has no issuer, and gateway.auth.oidc has none that it could take',
      help: 'add issuer',
    });
  }
  if (oidc !== undefined && Object.values(rights).every((groups) => groups.length === 0)) {
    complaints.push({
      code: 'E_CONFLICT',
      path: ['dashboard', 'oidc'],
      message: 'lets nobody in: no group has a right',
      help: 'name groups under dashboard.rights, such as read: ["*"]',
    });
  }
  if (publicUrl !== undefined && new URL(publicUrl).pathname !== '/') {
    complaints.push({
      code: 'E_VALUE',
      path: ['dashboard', 'publicUrl'],
      message: 'has a path; the dashboard lies at the root of its host',
      help: `use ${new URL(publicUrl).origin}`,
    });
  }
  return complaints;
}
