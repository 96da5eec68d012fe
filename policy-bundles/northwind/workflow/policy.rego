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
# title: An agent works within its weekly budget
# description: Said before the gateway itself would refuse the call, in words that name the way out.
# custom:
#   id: WF-204
#   remediation: Wait until {until}, or ask the platform team for a larger budget.
#   remedy: wait_for_the_new_week
#   retry: after
#   appeal_path: https://northwind.example/platform/budgets
#   owner: platform team
deny contains {"id": "WF-204", "reason": "weekly_budget_used_up", "params": {"until": budget.resets_at}} if {
	budget.ratio >= 1
}

# METADATA
# title: Changes outside of working hours are pointed out
# custom: {id: WF-301, owner: platform team}
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
# custom: {id: WF-302, owner: platform team}
obligations contains {
	"id": "WF-302", "type": "warn",
	"text": sprintf("This conversation has %d turns; a fresh one with a summary makes fewer mistakes.", [turns]),
} if {
	turns := max([input.context.turn_count, input.claims.turn_count])
	turns >= config.turns
}

# METADATA
# title: A weekly budget that is nearly used up is pointed out
# custom: {id: WF-304, owner: platform team}
obligations contains {
	"id": "WF-304", "type": "warn",
	"text": sprintf("%v of %v points of this week are used; there are new ones at %s.", [
		budget.used + budget.reserved,
		budget.limit,
		budget.resets_at,
	]),
} if {
	budget.ratio >= 0.8
	budget.ratio < 1
}

# METADATA
# title: Every call counts towards the weekly budget
# description: What it costs stands in the table of costs, by tool. The gateway counts for all of its processes together.
# custom: {id: WF-305, owner: platform team}
obligations contains {"id": "WF-305", "type": "counter", "name": "weekly_work"}

budget := input.budgets.weekly_work

# METADATA
# title: An agent makes only so many calls a minute
# description: The gateway counts, for all of its processes together; a call above the limit is denied until the minute is over.
# custom: {id: WF-303, owner: platform team}
obligations contains {
	"id": "WF-303", "type": "rate_limit", "key": ["agent.id", "user.id"],
	"limit": config.calls_a_minute, "window_s": 60,
}
