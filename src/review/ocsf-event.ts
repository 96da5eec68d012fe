import { isJsonObject, type JsonObject } from '../core/json.ts';
import type { DecisionRecord, SealedRecord } from '../core/record.ts';
import { inputOf, maskedIn } from './replay-input.ts';

/** The version of the Open Cybersecurity Schema Framework that events are written in: the last that was released. */
const OCSF = '1.8.0';
const APPLICATION_ACTIVITY = 6;
const API_ACTIVITY = 6003;

type Effect = DecisionRecord['effect'];
type Kept = Omit<SealedRecord, 'outcome'>;

interface Coded {
  readonly id: number;
  readonly caption: string;
}

const OTHER: Coded = { id: 99, caption: 'Other' };
const READ: Coded = { id: 2, caption: 'Read' };
const ACTIVITIES = { read: READ, write: { id: 3, caption: 'Update' }, destroy: { id: 4, caption: 'Delete' } };
const READS: ReadonlySet<string> = new Set([
  'resource_read',
  'prompt_get',
  'completion',
  'subscribe',
  'tool_list',
  'resource_list',
  'prompt_list',
]);
/** Of an allow it is not said here how it ended: the event is of the decision, and is sent before there is an end. */
const STATUSES: Readonly<Record<Effect, Coded>> = {
  allow: { id: 0, caption: 'Unknown' },
  deny: { id: 2, caption: 'Failure' },
  pending: { id: 99, caption: 'Waiting for approval' },
};
const SEVERITIES: Readonly<Record<Effect, Coded>> = {
  allow: { id: 1, caption: 'Informational' },
  deny: { id: 2, caption: 'Low' },
  pending: { id: 1, caption: 'Informational' },
};
const ACTIONS: Readonly<Record<Effect, Coded>> = {
  allow: { id: 1, caption: 'Allowed' },
  deny: { id: 2, caption: 'Denied' },
  pending: { id: 99, caption: 'Waiting for approval' },
};
const DISPOSITIONS: Readonly<Record<Effect, Coded>> = {
  allow: { id: 1, caption: 'Allowed' },
  deny: { id: 2, caption: 'Blocked' },
  pending: { id: 14, caption: 'Delayed' },
};

/**
 * A decision as the Open Cybersecurity Schema Framework has the use of an interface: class API Activity, with the profiles
 * Security Control and Trace (https://schema.ocsf.io/1.8.0/classes/api_activity?profiles=security_control,trace). What it
 * has no attribute for is under `unmapped`.
 */
export function ocsfEvent(record: Kept, version: string): object {
  return eventOf(record, { version, isShort: false });
}

/** The same without the input, and saying so; for a receiver that does not take the whole. */
export function shortOcsfEvent(record: Kept, version: string): object {
  return eventOf(record, { version, isShort: true });
}

interface Writing {
  readonly version: string;
  readonly isShort: boolean;
}

function eventOf(record: Kept, { version, isShort }: Writing): object {
  const { time, effect, action, server, tool, trace_id, reasons } = record;
  const activity = activityOf(record);
  const [reason] = reasons;
  const subject = [server, tool].filter((part) => part !== '').join('.');
  return {
    metadata: { ...metadataOf(record, version), ...(isShort && { is_truncated: true }) },
    time: Date.parse(time),
    category_uid: APPLICATION_ACTIVITY,
    category_name: 'Application Activity',
    class_uid: API_ACTIVITY,
    class_name: 'API Activity',
    activity_id: activity.id,
    // Where the schema has no word for it ours stands.
    activity_name: activity === OTHER ? action : activity.caption,
    type_uid: API_ACTIVITY * 100 + activity.id,
    type_name: `API Activity: ${activity.caption}`,
    ...named('severity', SEVERITIES[effect]),
    ...named('status', STATUSES[effect]),
    ...(reason !== undefined && { status_code: reason }),
    message: [effect, action, subject].filter((part) => part !== '').join(' '),
    ...named('action', ACTIONS[effect]),
    ...named('disposition', DISPOSITIONS[effect]),
    ...policyOf(record),
    authorizations: record.layers.map(authorizationOf),
    actor: actorOf(record),
    src_endpoint: { name: record.client.name === '' ? 'unknown' : record.client.name },
    ...(server !== '' && { dst_endpoint: { svc_name: server } }),
    api: apiOf(record, isShort ? {} : { data: record.input }),
    resources: resourcesOf(record),
    ...(trace_id !== '' && { trace: { uid: trace_id } }),
    unmapped: unmappedOf(record),
  };
}

function named(name: string, { id, caption }: Coded): object {
  return { [`${name}_id`]: id, [name]: caption };
}

/** What a tool does to the world is what somebody has said of it. */
function activityOf(record: Kept): Coded {
  if (READS.has(record.action)) return READ;
  const { effect } = askedFor(record);
  return effect === 'read' || effect === 'write' || effect === 'destroy' ? ACTIVITIES[effect] : OTHER;
}

function askedFor({ input }: Kept): JsonObject {
  return isJsonObject(input['action']) ? input['action'] : {};
}

function metadataOf({ id, call, seq, instance, generation }: Kept, version: string): object {
  return {
    version: OCSF,
    profiles: ['security_control', 'trace'],
    product: { name: 'mcp-gateway', vendor_name: 'mcp-gateway', version, uid: instance },
    uid: id,
    correlation_uid: call === '' ? id : call,
    log_name: 'decisions',
    log_version: generation,
    sequence: seq,
  };
}

/** The rule that stands first among those that decided. */
function policyOf({ matched_rules: [rule], layers }: Kept): object {
  if (rule === undefined) return {};
  const opinion = layers.find(({ bundle }) => rule === bundle || rule.startsWith(`${bundle}/`));
  return {
    policy: {
      uid: rule,
      is_applied: opinion === undefined || opinion.mode === 'enforce',
      ...(opinion !== undefined && { name: opinion.bundle, group: { name: opinion.layer }, version: opinion.digest }),
    },
  };
}

function authorizationOf({ layer, bundle, digest, mode, status, allow, deny }: Kept['layers'][number]): object {
  const said = deny.length > 0 ? 'Denied' : allow.length > 0 ? 'Approved' : 'Nothing said';
  return {
    decision: status === 'ok' ? said : status,
    policy: {
      ...(digest !== '' && { version: digest }),
      name: bundle,
      group: { name: layer },
      is_applied: mode === 'enforce',
    },
  };
}

function actorOf({ principal: { agent, user }, client, session }: Kept): object {
  return {
    ...(user.id !== '' && { user: { uid: user.id, groups: user.groups.map((name) => ({ name })) } }),
    session: { uid: session },
    app_uid: agent.id,
    ...(client.name !== '' && { app_name: client.name }),
    ...(agent.delegated_by.length > 0 && { invoked_by: agent.delegated_by[0] }),
  };
}

function apiOf(record: Kept, data: object): object {
  const { id, action, server, tool, client, effect, reasons, remediation } = record;
  return {
    operation: tool === '' ? action : tool,
    group: { name: action },
    ...(server !== '' && { service: { name: server } }),
    version: client.protocol,
    request: { uid: id, ...data },
    ...(effect !== 'allow' && { response: { error: reasons.join(' '), error_message: remediation } }),
  };
}

function resourcesOf(record: Kept): readonly object[] {
  const { action, server, tool } = record;
  const { resource, prompt } = askedFor(record);
  const namespace = server === '' ? {} : { namespace: server };
  if (tool !== '') return [{ type: 'tool', name: tool, ...namespace }];
  if (typeof resource === 'string' && resource !== '') return [{ type: 'resource', name: resource, ...namespace }];
  if (typeof prompt === 'string' && prompt !== '') return [{ type: 'prompt', name: prompt, ...namespace }];
  return [{ type: action, name: server === '' ? action : server }];
}

function unmappedOf(record: Kept): object {
  const { generation, reasons, matched_rules, lifted, obligations, input_hash, hash } = record;
  const asked = inputOf(record);
  const masked = asked === undefined ? [] : maskedIn(record, asked).map(({ pointer }) => `/api/request/data${pointer}`);
  return {
    decision_id: record.id,
    effect: record.effect,
    reasons,
    matched_rules,
    lifted,
    obligations,
    generation,
    input_hash,
    hash,
    ...(masked.length > 0 && { masked }),
  };
}
