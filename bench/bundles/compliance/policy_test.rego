package bench_compliance_test

import data.bench_compliance
import data.gateway.v1.inputs

call(args, changes) := object.union(
	object.union(inputs.tool_call("echo", "echo", "read", args), {"server": {"region": "eu-central-1"}}),
	changes,
)

ids(args, changes) := found if {
	found := {element.id | some element in bench_compliance.deny} with input as call(args, changes)
}

duties(args, changes) := found if {
	found := {element.id | some element in bench_compliance.obligations} with input as call(args, changes)
}

test_an_ordinary_call_is_not_denied if {
	args := {"text": "hello sam@northwind.example", "amount": 12.5, "hosts": ["10.1.2.3", "a.northwind.example"]}
	ids(args, {}) == set()
	duties(args, {}) == set()
}

test_others_are_denied if {
	ids({"text": "a@b.example c@d.example e@f.example"}, {}) == {"BCO-201"}
	ids({"text": {"deep": ["DE89 3704 0044 0532 0130 00"]}}, {}) == {"BCO-202"}
	ids({"text": "4111 1111 1111 1111"}, {}) == {"BCO-203"}
	ids({}, {"server": {"region": "us-east-1"}}) == {"BCO-204"}
	ids({"hosts": ["203.0.113.9"]}, {}) == {"BCO-205"}
	ids({"text": "Is Starfish late?"}, {}) == {"BCO-206"}
	ids({}, {"context": {"labels": [{"label": "board_only", "source": "a/B-1", "age_seconds": 1}]}}) == {"BCO-207"}
	ids({}, {"action": {"data_classes_referenced": ["customer_pii"]}}) == {"BCO-208"}
}

test_some_calls_oblige if {
	duties({"order": {"amount": 900}}, {}) == {"BCO-302"}
	duties({}, {"action": {"data_classes_referenced": ["customer_pii"]}}) == {"BCO-301"}
}
