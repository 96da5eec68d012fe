package starter_server_test

import data.gateway.v1.inputs
import data.starter_server

calls(effect) := inputs.tool_call("notes", "edit", effect, {})

ids(elements) := {element.id | some element in elements}

test_reading_is_allowed if {
	ids(starter_server.allow) == {"STS-101"} with input as calls("read")
	starter_server.deny == set() with input as calls("read")
}

test_what_the_protocol_knows_as_reading_is_allowed if {
	every type in ["resource_read", "prompt_get", "completion", "subscribe"] {
		ids(starter_server.allow) == {"STS-102"} with input as object.union(inputs.total, {"action": {"type": type}})
		starter_server.deny == set() with input as object.union(inputs.total, {"action": {"type": type}})
	}
}

test_changing_something_needs_a_bundle if {
	every effect, reason in {"write": "no_bundle_write", "destroy": "no_bundle_destroy"} {
		starter_server.allow == set() with input as calls(effect)
		starter_server.deny == {{
			"id": "STS-201", "reason": reason,
			"params": {"server": "notes", "tool": "edit"},
		}} with input as calls(effect)
	}
}

test_a_tool_that_nobody_knows_needs_a_bundle if {
	starter_server.allow == set() with input as calls("unknown")
	starter_server.deny == {{
		"id": "STS-202", "reason": "no_bundle_unknown",
		"params": {"server": "notes", "tool": "edit"},
	}} with input as calls("unknown")
}

test_listing_is_not_its_concern if {
	list := object.union(calls("write"), {"action": {"type": "tool_list"}})
	starter_server.allow | starter_server.deny == set() with input as list
}
