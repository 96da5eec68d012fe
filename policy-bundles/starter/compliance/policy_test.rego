package starter_compliance_test

import data.gateway.v1.inputs
import data.starter_compliance

test_what_may_destroy_is_audited if {
	every effect in ["destroy", "unknown"] {
		starter_compliance.obligations == {{"id": "STC-301", "type": "audit_required"}} with input as inputs.tool_call("notes", "edit", effect, {})
	}
}

test_the_rest_is_not if {
	every effect in ["read", "write"] {
		starter_compliance.obligations == set() with input as inputs.tool_call("notes", "edit", effect, {})
	}
}
