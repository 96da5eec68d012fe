package starter_server_test

import data.gateway.v1.inputs
import data.starter_server

calls(effect) := object.union(inputs.tool_call("notes", "edit", effect, {}), {"action": {"consent": "new"}})

accepted(effect) := object.union(calls(effect), {"action": {"consent": "accepted"}})

ids(elements) := {element.id | some element in elements}

test_reading_is_allowed if {
	ids(starter_server.allow) == {"STS-101"} with input as calls("read")
	starter_server.obligations == set() with input as calls("read")
}

test_what_the_protocol_knows_as_reading_is_allowed if {
	every type in ["resource_read", "prompt_get", "completion", "subscribe"] {
		ids(starter_server.allow) == {"STS-102"} with input as object.union(inputs.total, {"action": {"type": type}})
		starter_server.obligations == set() with input as object.union(inputs.total, {"action": {"type": type}})
	}
}

approval := {"id": "STS-301", "type": "require_approval", "by": "user", "remember": "pin"}

test_whatever_else_a_tool_does_its_user_approves_it_once if {
	every effect in ["write", "destroy", "unknown"] {
		ids(starter_server.allow) == {"STS-103"} with input as calls(effect)
		starter_server.obligations == {approval} with input as calls(effect)
	}
}

test_what_the_user_has_accepted_is_asked_about_only_if_it_destroys if {
	starter_server.obligations == set() with input as accepted("write")
	every effect in ["destroy", "unknown"] {
		starter_server.obligations == {approval} with input as accepted(effect)
	}
	changed := object.union(calls("write"), {"action": {"consent": "changed"}})
	starter_server.obligations == {approval} with input as changed
}

pinned(consent) := object.union(calls("read"), {"server": {"pinned": true}, "action": {"consent": consent}})

test_what_came_after_its_server_was_accepted_is_asked_about_even_if_it_reads if {
	every consent in ["new", "changed"] {
		ids(starter_server.allow) == {"STS-101"} with input as pinned(consent)
		starter_server.obligations == {object.union(approval, {"id": "STS-302"})} with input as pinned(consent)
	}
	starter_server.obligations == set() with input as pinned("accepted")
}

test_listing_is_not_its_concern if {
	list := object.union(calls("write"), {"action": {"type": "tool_list"}})
	starter_server.allow | starter_server.obligations == set() with input as list
}
