package northwind_identity_test

import data.gateway.v1.inputs
import data.northwind_identity

asks(agent) := object.union(inputs.total, {"agent": {"id": agent}})

ids(elements) := {element.id | some element in elements}

test_a_known_agent_may_ask if {
	northwind_identity.deny == set() with input as asks("coding-assistant")
}

test_an_unknown_agent_is_denied if {
	every agent in ["", "Coding-Assistant", "stranger"] {
		ids(northwind_identity.deny) == {"ID-101"} with input as asks(agent)
		northwind_identity.capabilities == set() with input as asks(agent)
	}
}

test_an_agent_that_is_switched_off_is_denied if {
	ids(northwind_identity.deny) == {"ID-102"} with input as asks("night-batch")
}

test_nobody_works_for_an_agent_that_may_not_ask if {
	subagent := object.union(asks("coding-assistant"), {"agent": {"delegated_by": ["support-assistant", "night-batch"]}})
	northwind_identity.deny == {{
		"id": "ID-103", "reason": "delegated_by_disabled_agent",
		"params": {"agent": "night-batch"},
	}} with input as subagent
	trusted := object.union(asks("coding-assistant"), {"agent": {"delegated_by": ["support-assistant"]}})
	northwind_identity.deny == set() with input as trusted
}

test_an_agent_has_the_capabilities_it_was_given if {
	found := northwind_identity.capabilities with input as asks("support-assistant")
	{"id": "ID-201", "kind": "tool", "value": "payments/create_refund"} in found
	{capability.value | some capability in found; capability.kind == "data_class"} == {"internal", "customer_pii"}
	coding := northwind_identity.capabilities with input as asks("coding-assistant")
	not "tool" in {capability.kind | some capability in coding}
}
