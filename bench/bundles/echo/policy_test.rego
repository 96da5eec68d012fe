package bench_echo_test

import data.bench_echo
import data.gateway.v1.inputs

ordinary := {"text": "hello", "path": "/srv/files/team-1/a.txt", "amount": 12.5, "hosts": ["10.1.2.3", "a.northwind.example"]}

call(changes) := inputs.tool_call("echo", "echo", "read", object.union(ordinary, changes))

ids(changes) := found if {
	found := {element.id | some element in bench_echo.deny} with input as call(changes)
}

duties(changes) := found if {
	found := {element.id | some element in bench_echo.obligations} with input as call(changes)
}

test_an_ordinary_call_is_allowed if {
	ids({}) == set()
	duties({}) == set()
	{element.id | some element in bench_echo.allow} == {"ECHO-101", "ECHO-102"} with input as call({})
}

test_others_are_denied if {
	ids({"path": "/srv/../../etc/passwd"}) == {"ECHO-201", "ECHO-202"}
	ids({"path": "/etc/passwd"}) == {"ECHO-202"}
	ids({"path": "/srv/files/team-1/.env"}) == {"ECHO-203"}
	ids({"text": "AKIAABCDEFGHIJKLMNOP"}) == {"ECHO-204"}
	ids({"text": concat("", [text | some _ in numbers.range(0, 10000); text := "0123456789"])}) == {"ECHO-205"}
	ids({"amount": 1001}) == {"ECHO-206"}
	ids({"amount": null}) == {"ECHO-206"}
	ids({"hosts": ["a", "b", "c", "d", "e", "f", "g", "h", "i"]}) == {"ECHO-207"}
	ids({"hosts": ["a_b"]}) == {"ECHO-208"}
}

test_some_calls_oblige if {
	duties({"amount": 500}) == {"ECHO-301"}
	duties({"text": "WHY DOES NOBODY ANSWER ME"}) == {"ECHO-302"}
}
