package starter_override_test

import data.gateway.v1.inputs
import data.starter_override

call := inputs.tool_call("notes", "edit", "write", {})

test_nothing_is_stopped if starter_override.deny == set() with input as call

test_a_stopped_server_is_not_called if {
	stopped := {{"id": "STO-201", "reason": "server_stopped", "params": {"server": "notes"}}}
	starter_override.deny == stopped with input as call with data.starter_override.config.stopped_servers as ["notes"]
}
