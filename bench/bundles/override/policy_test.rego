package bench_override_test

import data.bench_override
import data.gateway.v1.inputs

call(server, args) := object.union(inputs.tool_call(server, "echo", "read", args), {"agent": {"id": "known"}})

ids(server, args) := found if {
	found := {element.id | some element in bench_override.deny} with input as call(server, args)
}

test_a_permit_is_given_to_whom_it_names if {
	{element.lifts | some element in bench_override.permit} == {["workflow/BWF-202"]} with input as call("echo", {})
	bench_override.permit == set() with input as call("other", {})
}

test_an_ordinary_call_is_not_stopped if ids("echo", {"text": "hello", "hosts": ["10.1.2.3"]}) == set()

test_others_are_stopped if {
	ids("ledger", {}) == {"BOVR-201"}
	ids("echo", {"hosts": ["192.0.2.7"]}) == {"BOVR-202"}
	ids("echo", {"text": "rm -rf /"}) == {"BOVR-203"}
}
