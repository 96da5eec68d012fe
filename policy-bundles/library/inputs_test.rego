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

test_a_request_fills_what_its_type_has if {
	read := inputs.request("notes", "resource_read", {"resource": "note://1"})
	read.action.type == "resource_read"
	read.action.resource == "note://1"
	read.action.effect == "read"
	read.action.tool == ""
	read.server.id == "notes"
}

test_a_question_carries_the_params_and_its_answer_what_was_said if {
	asked := inputs.question("notes", "elicitation", {"message": "Sure?"})
	asked.action.request == {"message": "Sure?"}
	asked.action.args == {}
	given := inputs.answer("notes", "elicitation", {"message": "Sure?"}, {"action": "accept"})
	given.action.request == asked.action.request
	given.action.args == {"action": "accept"}
}

test_a_labelled_conversation_has_the_classes_too if {
	call := inputs.labelled({"b", "a"}, object.union(inputs.total, {"action": {"data_classes_referenced": ["c"]}}))
	[entry.label | some entry in call.context.labels] == ["a", "b"]
	call.action.data_classes_referenced == ["c", "a", "b"]
	call.context.turn_count == 0
}

test_a_result_is_that_of_its_call if {
	call := inputs.tool_call("payments", "get_charge", "read", {"id": 7})
	result := inputs.tool_result(call, {"data_classes": {"card_number": 1}})
	result.action.type == "tool_result"
	result.action.args == {"id": 7}
	result.action.result.data_classes.card_number == 1
	result.action.result.text == ""
}
