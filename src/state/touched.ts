import type { ApprovalRef } from '../core/approval.ts';
import type { Change } from '../core/change.ts';

/**
 * Names of what changes read before they change it, or have to hold together with something else until their transaction
 * ends. Where many want one thing, they also get it in the order in which they came: those who wait in a statement that
 * inserts or updates a row do not.
 */
export function touched(changes: readonly Change[]): readonly string[] {
  return changes.flatMap(namesOf);
}

export function bundleName(bundle: string): string {
  return `bundle ${bundle}`;
}

function namesOf(change: Change): readonly string[] {
  switch (change.kind) {
    case 'take':
    case 'give_back':
      return [bucketName(change.charge.bucket)];
    case 'end_holds':
      return change.costs.map(({ bucket }) => bucketName(bucket));
    case 'adjust':
      return [bucketName(change.bucket)];
    case 'attach_label':
    case 'clear_label':
      return [`labels of ${change.label.conversation}`];
    case 'open_approval':
      return [`approval of ${change.approval.binding.call} by ${change.approval.by}`, approvalName(change.approval)];
    case 'join_approval':
      return [approvalName(change.join.ref)];
    case 'use_approval':
    case 'return_approval':
      return [approvalName(change.use.ref)];
    case 'answer_approval':
      return change.vote.key === '' ? [approvalName(change.ref)] : [approvalName(change.ref), keyName(change.vote.key)];
    case 'revoke_key':
      return [keyName(change.id)];
    case 'pin_bundle':
      return [bundleName(change.pin.bundle)];
    case 'release_bundle':
      return [bundleName(change.bundle)];
    case 'begin_pause':
    case 'end_pause':
      return ['pause'];
    case 'keep_audit':
    case 'add_key':
    case 'seal_log':
    case 'add_link':
    case 'use_link':
      return [];
  }
}

function bucketName(bucket: string): string {
  return `budget ${bucket}`;
}

function approvalName({ id, by }: ApprovalRef): string {
  return `approval ${id} by ${by}`;
}

function keyName(id: string): string {
  return `key ${id}`;
}
