package bench_resource_test

import data.bench_resource
import data.gateway.v1.inputs

call(args, changes) := object.union(
	object.union(inputs.tool_call("echo", "echo", "read", args), {
		"agent": {"id": "known"},
		"user": {"data_classifications_authorized": ["internal"]},
		"identity": {"capabilities": {"data_class": ["internal"]}},
	}),
	changes,
)

at(path) := {"path": path, "hosts": ["10.1.2.3"]}

ids(args, changes) := found if {
	found := {element.id | some element in bench_resource.deny} with input as call(args, changes)
}

grants(args) := found if {
	found := {element.id | some element in bench_resource.allow} with input as call(args, {})
}

test_what_an_owner_gave_is_allowed if {
	grants(at("/srv/files/team-1/a.txt")) == {"BRES-101"}
	grants({}) == {"BRES-102"}
	ids(at("/srv/files/team-1/a.txt"), {}) == set()
}

test_others_are_denied if {
	ids(at("/srv/files/team-9/a.txt"), {}) == {"BRES-201"}
	ids(at("/srv/files/team-2/a.txt"), {}) == {"BRES-202"}
	ids(at("/srv/files/team-3/a.txt"), {}) == {"BRES-203", "BRES-204"}
	ids(at("/srv/files/team-4/a.txt"), {"action": {"effect": "write"}}) == {"BRES-205"}
	ids({"hosts": ["10.9.9.9"]}, {}) == {"BRES-206"}
}

test_some_servers_are_hidden if {
	count(bench_resource.hide) == 1 with input as call({}, {"server": {"id": "vault-1"}})
	count(bench_resource.hide) == 0 with input as call({}, {})
}
