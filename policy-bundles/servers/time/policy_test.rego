package time_server_test

import data.gateway.v1.inputs
import data.time_server

ids(elements) := {element.id | some element in elements}

call(tool, effect, args) := inputs.tool_call("time", tool, effect, args)

test_times_are_read if {
	ids(time_server.allow) == {"TIME-101"} with input as call("get_current_time", "read", {"timezone": "Europe/Berlin"})
	time_server.obligations == set() with input as call("get_current_time", "read", {"timezone": "Europe/Berlin"})
}

test_what_is_not_known_is_confirmed if {
	ids(time_server.allow) == {"TIME-190"} with input as call("set_time", "unknown", {})
	ids(time_server.obligations) == {"TIME-390"} with input as call("set_time", "unknown", {})
}
