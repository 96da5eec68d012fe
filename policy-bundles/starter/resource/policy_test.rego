package starter_resource_test

import data.gateway.v1.inputs
import data.starter_resource

test_every_resource_is_open if {
	every effect in ["read", "write", "destroy", "unknown"] {
		starter_resource.allow == {{"id": "STR-101", "reason": "no_owner_objects"}} with input as inputs.tool_call("notes", "edit", effect, {})
	}
}
