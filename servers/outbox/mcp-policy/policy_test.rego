package outbox_test

import data.gateway.v1.inputs
import data.outbox

message(tool, change) := inputs.tool_call("outbox", tool, "destroy", object.union(
	{"to": "lee@northwind.example", "subject": "Hello", "body": "All is well."},
	change,
))

ids(elements) := {element.id | some element in elements}

test_reading_is_allowed if {
	call := inputs.tool_call("outbox", "list_messages", "read", {})
	ids(outbox.allow) == {"OUT-101"} with input as call
	outbox.deny == set() with input as call
}

test_a_message_to_the_inside_is_allowed if {
	every to in ["lee@northwind.example", "Lee@Berlin.Northwind.example"] {
		ids(outbox.allow) == {"OUT-102"} with input as message("send_message", {"to": to})
		outbox.deny == set() with input as message("send_message", {"to": to})
		ids(outbox.obligations) == {"OUT-303"} with input as message("send_message", {"to": to})
	}
}

test_a_message_to_the_outside_is_denied if {
	every to in [
		"kim@contoso.example", "kim@evil-northwind.example", "kim@northwind.example.evil", "lee@northwind.example,kim@contoso.example",
		"not an address", null,
	] {
		outbox.deny == {{
			"id": "OUT-201", "reason": "recipient_outside",
			"params": {"domains": "northwind.example"},
		}} with input as message("send_message", {"to": to})
	}
}

test_a_message_without_recipient_is_denied if {
	ids(outbox.deny) == {"OUT-201"} with input as inputs.tool_call("outbox", "send_message", "destroy", {"subject": "x", "body": "x"})
}

test_a_draft_may_go_anywhere if {
	ids(outbox.allow) == {"OUT-102"} with input as message("save_draft", {"to": "kim@contoso.example"})
	outbox.deny == set() with input as message("save_draft", {"to": "kim@contoso.example"})
}

test_links_to_the_outside_are_pointed_out if {
	outbox.obligations == {{
		"id": "OUT-301", "type": "warn",
		"text": "The message links to the outside: https://contoso.example/a?b.",
	}} with input as message("save_draft", {"body": "See https://contoso.example/a?b and https://www.northwind.example/c"})
}

test_card_numbers_are_pointed_out if {
	ids(outbox.obligations) == {"OUT-302"} with input as message("save_draft", {"body": "4111 1111 1111 1111"})
	outbox.obligations == set() with input as message("save_draft", {"body": "order 4111 1111"})
}
