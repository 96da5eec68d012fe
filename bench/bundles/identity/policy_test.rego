package bench_identity_test

import data.bench_identity
import data.gateway.v1.inputs

asks(agent, user) := object.union(inputs.total, {"agent": agent, "user": user})

agent(changes) := object.union({"id": "known", "owner_team": "team-1", "client": {"name": "bench"}}, changes)

user := {"id": "sam@northwind.example"}

ids(call) := found if {
	found := {element.id | some element in bench_identity.deny} with input as call
}

test_a_known_agent_may_ask if {
	ids(asks(agent({}), user)) == set()
	count(bench_identity.capabilities) == 2 with input as asks(agent({}), user)
}

test_others_are_denied if {
	ids(asks(agent({"id": "stranger"}), user)) == {"BID-101"}
	ids(asks(agent({"id": "retired"}), user)) == {"BID-102"}
	ids(asks(agent({"delegated_by": ["known", "retired"]}), user)) == {"BID-103"}
	ids(asks(agent({"client": {"name": ""}}), user)) == {"BID-104"}
	ids(asks(agent({}), {"id": "sam@evil-northwind.example"})) == {"BID-105"}
	ids(asks(agent({}), {"id": "gone@northwind.example"})) == {"BID-106"}
	ids(asks(agent({"owner_team": "team-2"}), user)) == {"BID-107"}
	ids(asks(agent({"id": "Known"}), user)) == {"BID-101", "BID-108"}
}
