package starter_identity_test

import data.gateway.v1.inputs
import data.starter_identity

asks(agent) := object.union(inputs.total, {"agent": agent})

test_everybody_may_ask if {
	starter_identity.deny == set() with input as inputs.total
	starter_identity.deny == set() with input as asks({"id": "anybody"})
}

test_an_agent_that_is_switched_off_may_not_ask if {
	off := {{"id": "STI-201", "reason": "agent_disabled", "params": {"agent": "old-bot"}}}
	starter_identity.deny == off with input as asks({"id": "old-bot"}) with data.starter_identity.config.disabled_agents as ["old-bot"]
}

test_nobody_asks_for_an_agent_that_is_switched_off if {
	delegated := asks({"id": "anybody", "delegated_by": ["old-bot"]})
	count(starter_identity.deny) == 1 with input as delegated with data.starter_identity.config.disabled_agents as ["old-bot"]
}
