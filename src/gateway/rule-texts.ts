import type { Participant } from '../policy/participant.ts';
import type { PolicySet } from '../policy/policy-set.ts';
import type { RuleText } from './told-denials.ts';

/** What the annotation of a rule says, by its full name `<bundle>/<id>`. */
export function ruleTextIn(policy: PolicySet, name: string): RuleText | undefined {
  const slash = name.indexOf('/');
  const participant = policy.participants.find(({ id }) => id === name.slice(0, slash));
  const rule = participant?.loaded?.rules.get(name.slice(slash + 1));
  return participant === undefined || rule === undefined ? undefined : { ...rule, origin: originOf(participant) };
}

/** An author's words go to the model, so it is said that they are the author's. */
function originOf({ id, place }: Participant): string {
  switch (place.kind) {
    case 'server':
      return `the policy that comes with the server ${id}`;
    case 'starter':
      return 'the starter policy of the gateway';
    case 'organisation':
    case 'agent':
      return `the organisation’s policy ${id}`;
  }
}
