package northwind_resource_test

import data.gateway.v1.inputs
import data.northwind_resource

calls(agent, server, tool, args) := object.union(inputs.tool_call(server, tool, "write", args), {"agent": {"id": agent}})

ids(elements) := {element.id | some element in elements}

test_an_owner_grants_a_tool if {
	northwind_resource.allow == {{
		"id": "RES-101", "reason": "granted_by_owner",
		"params": {"owner": "web team"},
	}} with input as calls("coding-assistant", "code-host", "commit_file", {"repository": "website"})
	ids(northwind_resource.allow) == {"RES-101"} with input as calls("support-assistant", "payments", "create_refund", {"amount": 5})
	ids(northwind_resource.allow) == {"RES-101"} with input as calls("coding-assistant", "code-host", "list_repositories", {})
}

test_what_nobody_gave_is_not_granted if {
	northwind_resource.allow == set() with input as calls("support-assistant", "code-host", "read_file", {"repository": "website"})
	northwind_resource.deny == set() with input as calls("support-assistant", "code-host", "read_file", {"repository": "website"})
	northwind_resource.allow == set() with input as calls("support-assistant", "payments", "create_charge", {})
	northwind_resource.allow == set() with input as calls("stranger", "outbox", "send_message", {})
}

test_another_repository_is_denied_with_advice if {
	call := calls("coding-assistant", "code-host", "read_file", {"repository": "payroll"})
	northwind_resource.allow == set() with input as call
	northwind_resource.deny == {{
		"id": "RES-201", "reason": "repository_not_granted",
		"params": {"repository": "payroll"},
	}} with input as call
}

test_hidden_tools_are_hidden_from_the_agents_named if {
	list := {"action": {"type": "tool_list"}}
	ids(northwind_resource.hide) == {"RES-301"} with input as object.union(calls("support-assistant", "payments", "create_charge", {}), list)
	northwind_resource.hide == set() with input as object.union(calls("coding-assistant", "payments", "create_charge", {}), list)
	northwind_resource.hide == set() with input as object.union(calls("support-assistant", "payments", "create_refund", {}), list)
}
