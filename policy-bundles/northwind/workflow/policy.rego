# METADATA
# title: How much, how long and when
package northwind_workflow

import data.gateway.v1.effects
import data.gateway.v1.globs
import data.gateway.v1.hours
import data.northwind_workflow.config

# METADATA
# title: An agent reports back before it goes on
# custom:
#   id: WF-201
#   remediation: Stop after {calls} calls in a row; tell the user what was done and wait for an answer.
#   remedy: report_to_the_user
#   retry: after
#   owner: platform team
deny contains {"id": "WF-201", "reason": "too_many_calls_in_a_row", "params": {"calls": config.calls_in_a_row}} if {
	input.context.calls_in_a_row >= config.calls_in_a_row
}

# METADATA
# title: Nothing is changed during a change freeze
# custom:
#   id: WF-202
#   remediation: Keep the change for after {freeze}; reading is possible meanwhile.
#   remedy: wait_for_the_end_of_the_freeze
#   retry: after
#   appeal_path: https://northwind.example/platform/freezes
#   owner: platform team
#   control: SOC2-CC8.1
deny contains {"id": "WF-202", "reason": "change_freeze", "params": {"freeze": freeze.name}} if {
	effects.changes(input.action.effect)
	some freeze in config.frozen
	globs.matches_any(freeze.servers, input.server.id)
}

# METADATA
# title: The same call again and again is a loop
# custom:
#   id: WF-203
#   remediation: Stop; this very call was made {times} times. Look at what it answered, and change something or ask the user.
#   remedy: change_the_call
#   retry: with_changes
#   owner: platform team
deny contains {"id": "WF-203", "reason": "same_call_again", "params": {"times": input.context.identical_calls}} if {
	input.context.identical_calls >= config.identical_calls
}

# METADATA
# title: Changes outside of working hours are pointed out
# custom: {id: WF-301}
obligations contains {
	"id": "WF-301", "type": "warn",
	"text": "It is outside of working hours: nobody may be there if this change goes wrong.",
} if {
	effects.changes(input.action.effect)
	not hours.open(config.hours, input.environment)
}

# METADATA
# title: A very long conversation is pointed out
# description: The longer of what the gateway counted and what the client says of itself.
# custom: {id: WF-302}
obligations contains {
	"id": "WF-302", "type": "warn",
	"text": sprintf("This conversation has %d turns; a fresh one with a summary makes fewer mistakes.", [turns]),
} if {
	turns := max([input.context.turn_count, input.claims.turn_count])
	turns >= config.turns
}

# METADATA
# title: An agent makes only so many calls a minute
# description: The gateway counts, for all of its processes together; a call above the limit is denied until the minute is over.
# custom: {id: WF-303}
obligations contains {
	"id": "WF-303", "type": "rate_limit", "key": ["agent.id", "user.id"],
	"limit": config.calls_a_minute, "window_s": 60,
}
