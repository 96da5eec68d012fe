package northwind_workflow_test

import data.gateway.v1.inputs
import data.northwind_workflow

commit := inputs.tool_call("code-host", "commit_file", "write", {})

read := inputs.tool_call("code-host", "read_file", "read", {})

ids(elements) := {element.id | some element in elements}

test_ordinary_work_is_not_disturbed if {
	northwind_workflow.deny == set() with input as commit
	ids(northwind_workflow.obligations) == {"WF-303", "WF-305"} with input as commit
}

test_calls_a_minute_are_limited if {
	northwind_workflow.obligations == {
		{
			"id": "WF-303", "type": "rate_limit", "key": ["agent.id", "user.id"],
			"limit": 30, "window_s": 60,
		},
		{"id": "WF-305", "type": "counter", "name": "weekly_work"},
	} with input as read
}

test_a_week_is_warned_of_from_80_percent_on if {
	ids(northwind_workflow.obligations) == {"WF-303", "WF-305"} with input as after_points(799)
	northwind_workflow.deny == set() with input as after_points(800)
	ids(northwind_workflow.obligations) == {"WF-303", "WF-304", "WF-305"} with input as after_points(800)
}

test_a_week_that_is_used_up_denies_and_says_when_the_next_begins if {
	northwind_workflow.deny == set() with input as after_points(999)
	northwind_workflow.deny == {{
		"id": "WF-204", "reason": "weekly_budget_used_up",
		"params": {"until": "2026-01-18T23:00:00.000Z"},
	}} with input as after_points(1000)
	ids(northwind_workflow.obligations) == {"WF-303", "WF-305"} with input as after_points(1000)
}

after_points(used) := object.union(read, {"budgets": {"weekly_work": {
	"used": used, "reserved": 0, "limit": 1000,
	"remaining": 1000 - used, "ratio": used / 1000,
	"resets_at": "2026-01-18T23:00:00.000Z",
}}})

test_an_agent_reports_back if {
	northwind_workflow.deny == set() with input as after_calls(49)
	northwind_workflow.deny == {{
		"id": "WF-201", "reason": "too_many_calls_in_a_row",
		"params": {"calls": 50},
	}} with input as after_calls(50)
}

after_calls(calls) := object.union(read, {"context": {"calls_in_a_row": calls}})

test_a_freeze_stops_changes_and_nothing_else if {
	freeze := [{"name": "year end", "servers": ["code-*"]}]
	ids(northwind_workflow.deny) == {"WF-202"} with input as commit with data.northwind_workflow.config.frozen as freeze
	northwind_workflow.deny == set() with input as read with data.northwind_workflow.config.frozen as freeze
	northwind_workflow.deny == set() with input as inputs.tool_call("outbox", "send_message", "write", {}) with data.northwind_workflow.config.frozen as freeze
}

test_a_change_at_night_gets_a_warning if {
	night := {"environment": {"time": "2026-01-14T22:00:00Z", "time_ms": 1768428000000}}
	ids(northwind_workflow.obligations) == {"WF-301", "WF-303", "WF-305"} with input as object.union(commit, night)
	ids(northwind_workflow.obligations) == {"WF-303", "WF-305"} with input as object.union(read, night)
}

test_a_long_conversation_gets_a_warning if {
	ids(northwind_workflow.obligations) == {"WF-302", "WF-303", "WF-305"} with input as object.union(read, {"context": {"turn_count": 200}})
	ids(northwind_workflow.obligations) == {"WF-302", "WF-303", "WF-305"} with input as object.union(read, {"claims": {"present": ["turn_count"], "turn_count": 500}})
}

again(times) := object.union(read, {"context": {"identical_calls": times}})

test_a_loop_is_stopped if {
	northwind_workflow.deny == set() with input as again(9)
	northwind_workflow.deny == {{
		"id": "WF-203", "reason": "same_call_again",
		"params": {"times": 10},
	}} with input as again(10)
}
