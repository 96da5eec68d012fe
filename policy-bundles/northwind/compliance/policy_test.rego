package northwind_compliance_test

import data.gateway.v1.inputs
import data.northwind_compliance

in_region(region, call) := object.union(call, {"server": {"region": region}})

with_classes(classes, call) := object.union(call, {"identity": {"capabilities": {"data_class": classes}}})

export(table) := in_region("eu-central-1", inputs.tool_call("warehouse", "export_table", "write", {"table": table, "file": "out.csv"}))

query(sql) := in_region("eu-central-1", inputs.tool_call("warehouse", "run_query", "read", {"sql": sql}))

message(body) := in_region("eu-central-1", inputs.tool_call("outbox", "send_message", "destroy", {"to": "kim@contoso.example", "body": body}))

ids(elements) := {element.id | some element in elements}

test_personal_data_is_exported_by_cleared_agents_only if {
	northwind_compliance.deny == {{
		"id": "CO-101", "reason": "personal_data_export",
		"params": {"class": "customer_pii"},
	}} with input as with_classes(["internal"], export("Customers"))
	northwind_compliance.deny == set() with input as with_classes(["internal", "customer_pii"], export("customers"))
	northwind_compliance.deny == set() with input as with_classes(["*"], export("customers"))
	northwind_compliance.deny == set() with input as export("customers")
}

test_other_tables_are_exported_freely if {
	northwind_compliance.deny == set() with input as with_classes(["internal"], export("orders"))
	northwind_compliance.obligations == set() with input as with_classes(["internal"], export("orders"))
}

test_what_is_declared_counts_too if {
	declared := object.union(export("orders"), {"action": {"data_classes_referenced": ["customer_pii"]}})
	ids(northwind_compliance.deny) == {"CO-101"} with input as with_classes(["internal"], declared)
}

test_reading_personal_data_is_allowed_and_audited if {
	call := with_classes(["internal"], query("SELECT email FROM customers"))
	northwind_compliance.deny == set() with input as call
	ids(northwind_compliance.obligations) == {"CO-202"} with input as call
	northwind_compliance.obligations == set() with input as query("SELECT count(*) FROM customers")
}

test_personal_data_stays_in_the_union if {
	every region in ["us-east-1", ""] {
		northwind_compliance.deny == {{
			"id": "CO-102", "reason": "personal_data_outside_region",
			"params": {"region": region},
		}} with input as in_region(region, query("SELECT email FROM customers"))
	}
	northwind_compliance.deny == set() with input as in_region("us-east-1", query("SELECT id FROM orders"))
}

test_personal_data_is_not_sent_to_the_outside if {
	labelled := object.union(message("See attachment."), {"action": {"data_classes_referenced": ["customer_pii"]}})
	ids(northwind_compliance.deny) == {"CO-103"} with input as with_classes(["customer_pii"], labelled)
	northwind_compliance.deny == set() with input as message("See attachment.")
}

test_a_list_of_people_is_not_sent_to_the_outside if {
	northwind_compliance.deny == {{
		"id": "CO-104",
		"reason": "list_of_people_to_outside",
	}} with input as message("ada@example.com, bruno@example.com, chiara@example.com")
	northwind_compliance.deny == set() with input as message("ada@example.com, ada@example.com, bruno@example.com")
}

test_moving_money_is_audited if {
	ids(northwind_compliance.obligations) == {"CO-201"} with input as inputs.tool_call("payments", "create_refund", "write", {"amount": 5})
	northwind_compliance.obligations == set() with input as inputs.tool_call("payments", "get_charge", "read", {})
}

test_a_message_to_the_inside_does_not_leave if {
	inside := object.union(message("See attachment."), {"action": {"args": {"to": "lee@northwind.example"}}})
	northwind_compliance.deny == set() with input as inputs.labelled({"customer_pii"}, inside)
	ids(northwind_compliance.deny) == {"CO-103"} with input as inputs.labelled({"customer_pii"}, message("See attachment."))
}

commit(repository) := in_region("eu-central-1", inputs.tool_call("code-host", "commit_file", "write", {"repository": repository}))

test_what_strangers_wrote_and_private_data_do_not_leave_together if {
	both := {"untrusted_content", "private_data"}
	northwind_compliance.deny == {{
		"id": "CO-105", "reason": "untrusted_and_private_to_outside",
		"params": {"untrusted": "untrusted_content", "private": "private_data"},
	}} with input as inputs.labelled(both, commit("website"))
	ids(northwind_compliance.deny) == {"CO-105"} with input as inputs.labelled(both, message("Hello"))
	northwind_compliance.deny == set() with input as inputs.labelled(both, commit("checkout"))
}

test_either_of_them_alone_may_leave if {
	northwind_compliance.deny == set() with input as inputs.labelled({"untrusted_content"}, commit("website"))
	northwind_compliance.deny == set() with input as inputs.labelled({"private_data"}, commit("website"))
	northwind_compliance.deny == set() with input as commit("website")
}

pulls(repository) := inputs.tool_call("code-host", "list_pull_requests", "read", {"repository": repository})

test_what_is_read_marks_the_conversation if {
	northwind_compliance.labels == {{"id": "CO-301", "label": "untrusted_content"}} with input as pulls("website")
	northwind_compliance.labels == set() with input as pulls("checkout")
	northwind_compliance.labels == {{"id": "CO-301", "label": "private_data"}} with input as query("SELECT id FROM orders")
	northwind_compliance.labels == {{"id": "CO-301", "label": "private_data"}} with input as inputs.tool_call("payments", "get_charge", "read", {})
}

test_who_has_seen_personal_data_exports_nothing_and_goes_on_with_other_work if {
	ids(northwind_compliance.deny) == {"CO-101"} with input as inputs.labelled({"customer_pii"}, with_classes(["internal"], export("orders")))
	northwind_compliance.deny == set() with input as inputs.labelled({"customer_pii"}, with_classes(["internal"], commit("checkout")))
}
