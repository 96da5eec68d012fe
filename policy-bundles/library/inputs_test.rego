package library_test

import data.gateway.v1.inputs

test_nothing_in_the_total_input_is_null if {
	every _, value in [value | walk(inputs.total, [_, value])] {
		value != null
	}
}

test_the_time_is_one_time if {
	time.parse_rfc3339_ns(inputs.total.environment.time) == inputs.total.environment.time_ms * 1000000
	lower(time.weekday(inputs.total.environment.time_ms * 1000000)) == inputs.total.environment.weekday
}

test_a_call_keeps_every_other_field if {
	call := inputs.tool_call("payments", "create_refund", "write", {"amount": 5})
	call.server == object.union(inputs.total.server, {"id": "payments"})
	call.action.tool == "create_refund"
	call.action.effect == "write"
	call.action.args.amount == 5
	call.action.type == "tool_call"
	call.agent == inputs.total.agent
}
