# METADATA
# title: How much and how long, from a table of quotas
package bench_workflow

import data.bench_workflow.config
import data.gateway.v1.effects
import data.gateway.v1.globs
import data.gateway.v1.hours

# METADATA
# title: The agent has a quota
# custom: {id: BWF-201, remediation: Ask the platform team for a quota.}
deny contains {"id": "BWF-201", "reason": "no_quota"} if not quota

# METADATA
# title: An agent reports back before it goes on
# custom: {id: BWF-202, remediation: 'Report to the user after {calls} calls.', retry: after}
deny contains {"id": "BWF-202", "reason": "too_many_calls_in_a_row", "params": {"calls": quota.calls_in_a_row}} if {
	input.context.calls_in_a_row > quota.calls_in_a_row
}

# METADATA
# title: A conversation has a size
# custom: {id: BWF-203, remediation: Begin a new conversation.}
deny contains {"id": "BWF-203", "reason": "too_many_tokens"} if {
	max([input.context.cumulative_tokens, input.claims.cumulative_tokens]) > quota.tokens
}

# METADATA
# title: A conversation has an end
# custom: {id: BWF-204, remediation: Begin a new conversation.}
deny contains {"id": "BWF-204", "reason": "session_too_old"} if {
	input.context.session_age_seconds > quota.hours * 3600
}

# METADATA
# title: Nothing is changed during a change freeze
# custom: {id: BWF-205, remediation: 'Wait for the end of {freeze}.', retry: after}
deny contains {"id": "BWF-205", "reason": "change_freeze", "params": {"freeze": freeze.name}} if {
	some freeze in config.frozen
	globs.matches_any(freeze.servers, input.server.id)
	effects.changes(input.action.effect)
}

# METADATA
# title: A client counts no less than the gateway
# custom: {id: BWF-206, remediation: Correct the count of turns.}
deny contains {"id": "BWF-206", "reason": "turns_understated"} if {
	"turn_count" in input.claims.present
	input.claims.turn_count < input.context.turn_count
}

# METADATA
# title: Changes outside of working hours are pointed out
# custom: {id: BWF-301}
obligations contains {"id": "BWF-301", "type": "warn", "text": "It is outside of working hours."} if {
	effects.changes(input.action.effect)
	not hours.open(config.hours, input.environment)
}

# METADATA
# title: A very long conversation is pointed out
# custom: {id: BWF-302}
obligations contains {
	"id": "BWF-302", "type": "warn",
	"text": sprintf("This conversation has %d turns.", [input.context.turn_count]),
} if {
	input.context.turn_count >= config.turns
}

# METADATA
# title: What happens at the weekend is kept for the audit
# custom: {id: BWF-303}
obligations contains {"id": "BWF-303", "type": "audit_required"} if {
	every day in config.hours.days {
		day != input.environment.weekday
	}
}

quota := config.quotas[input.agent.id]
