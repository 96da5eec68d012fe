package starter_compliance_test

import data.gateway.v1.inputs
import data.starter_compliance

form(field) := inputs.question("notes", "elicitation", {
	"message": "Who are you?",
	"requestedSchema": {"type": "object", "properties": {field: {"type": "string"}}},
})

sampling_with(context) := inputs.question("notes", "sampling", {"messages": [], "includeContext": context})

ids(elements) := {element.id | some element in elements}

test_a_form_asks_for_no_secret if {
	every field in ["password", "API_Key", "access-token", "dbPassword"] {
		starter_compliance.deny == {{
			"id": "STC-201", "reason": "asks_for_secret",
			"params": {"server": "notes", "field": field},
		}} with input as form(field)
	}
	starter_compliance.deny == set() with input as form("name")
}

test_an_address_is_an_https_one if {
	every url in ["http://example.com", "javascript:alert(1)", ""] {
		asks := inputs.question("notes", "elicitation", {"mode": "url", "url": url, "message": "Sign in"})
		ids(starter_compliance.deny) == {"STC-202"} with input as asks
	}
	safe := inputs.question("notes", "elicitation", {"mode": "url", "url": "https://example.com", "message": "Sign in"})
	starter_compliance.deny == set() with input as safe
}

test_the_context_of_other_servers_stays_theirs if {
	ids(starter_compliance.deny) == {"STC-203"} with input as sampling_with("allServers")
	starter_compliance.deny == set() with input as sampling_with("thisServer")
	starter_compliance.deny == set() with input as inputs.question("notes", "sampling", {"messages": []})
}

test_what_may_destroy_is_audited if {
	every effect in ["destroy", "unknown"] {
		starter_compliance.obligations == {{"id": "STC-301", "type": "audit_required"}} with input as inputs.tool_call("notes", "edit", effect, {})
	}
}

test_what_a_server_asks_is_audited if {
	every type in ["sampling", "elicitation", "roots"] {
		ids(starter_compliance.obligations) == {"STC-302"} with input as inputs.question("notes", type, {})
	}
}

test_the_rest_is_not if {
	every effect in ["read", "write"] {
		starter_compliance.obligations == set() with input as inputs.tool_call("notes", "edit", effect, {})
	}
}
