package bench_workflow_test

import data.bench_workflow
import data.gateway.v1.inputs

call(changes) := object.union(inputs.tool_call("echo", "echo", "read", {}), object.union({"agent": {"id": "known"}}, changes))

ids(changes) := found if {
	found := {element.id | some element in bench_workflow.deny} with input as call(changes)
}

duties(changes) := found if {
	found := {element.id | some element in bench_workflow.obligations} with input as call(changes)
}

test_an_ordinary_call_is_not_denied if {
	ids({}) == set()
	duties({}) == set()
}

test_others_are_denied if {
	ids({"agent": {"id": "stranger"}}) == {"BWF-201"}
	ids({"context": {"calls_in_a_row": 101}}) == {"BWF-202"}
	ids({"claims": {"cumulative_tokens": 1000001}}) == {"BWF-203"}
	ids({"context": {"session_age_seconds": 43201}}) == {"BWF-204"}
	ids({"server": {"id": "payroll"}, "action": {"effect": "write"}}) == {"BWF-205"}
	ids({"claims": {"present": ["turn_count"]}, "context": {"turn_count": 3}}) == {"BWF-206"}
}

test_some_calls_oblige if {
	duties({"action": {"effect": "write"}, "environment": {"weekday": "sunday", "time_ms": 1768730400000}}) == {"BWF-301", "BWF-303"}
	duties({"context": {"turn_count": 200}}) == {"BWF-302"}
}
