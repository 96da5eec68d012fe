package northwind_override_test

import data.gateway.v1.inputs
import data.northwind_override

commit(agent, args) := object.union(inputs.tool_call("code-host", "commit_file", "write", args), {"agent": {"id": agent}})

permits := [{
	"incident": "INC-9", "agents": ["coding-*"], "servers": ["code-host"], "tools": ["commit_file"],
	"args": {"repository": "checkout"}, "lifts": ["workflow/WF-202"],
	"requested_by": "dana", "approved_by": "lee", "justification": "INC-9: hotfix",
	"not_before": "2026-01-14T08:00:00Z", "expires_at": "2026-01-15T08:00:00Z",
}]

test_a_permit_names_what_it_lifts_and_who_gave_it if {
	northwind_override.permit == {{
		"id": "OVR-101", "lifts": ["workflow/WF-202"],
		"requested_by": "dana", "approved_by": "lee", "justification": "INC-9: hotfix",
		"not_before": "2026-01-14T08:00:00Z", "expires_at": "2026-01-15T08:00:00Z",
	}} with input as commit("coding-assistant", {"repository": "checkout", "branch": "main"})
		with data.northwind_override.config.permits as permits
}

test_a_permit_holds_for_its_arguments_and_agents_only if {
	northwind_override.permit == set() with input as commit("coding-assistant", {"repository": "website"})
		with data.northwind_override.config.permits as permits
	northwind_override.permit == set() with input as commit("coding-assistant", {}) with data.northwind_override.config.permits as permits
	northwind_override.permit == set() with input as commit("support-assistant", {"repository": "checkout"})
		with data.northwind_override.config.permits as permits
}

test_the_shipped_permit_is_for_the_checkout if {
	found := northwind_override.permit with input as commit("coding-assistant", {"repository": "checkout", "branch": "main"})
	{lift | some permit in found; some lift in permit.lifts} == {"code-host/CODE-201"}
}

test_an_emergency_stop_denies if {
	block := [{"incident": "INC-8", "agents": ["*"], "servers": ["payments"], "tools": ["create_*"]}]
	refund := inputs.tool_call("payments", "create_refund", "write", {})
	northwind_override.deny == {{
		"id": "OVR-201", "reason": "emergency_stop",
		"params": {"incident": "INC-8"},
	}} with input as refund with data.northwind_override.config.blocks as block
	northwind_override.deny == set() with input as refund
}
