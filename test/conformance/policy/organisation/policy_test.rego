package conformance_organisation_test

import data.conformance_organisation
import data.gateway.v1.inputs

of_server(id) := object.union(inputs.total, {"server": {"id": id}})

test_servers_under_test_are_open if {
	{element.id | some element in conformance_organisation.allow} == {"CO-101"} with input as of_server("conformance")
	conformance_organisation.allow == set() with input as of_server("other")
}
