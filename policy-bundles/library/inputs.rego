# METADATA
# title: Inputs for tests
# description: |
#   A policy input in which every field has its type, as the gateway guarantees it. A test changes what it is about:
#   `deny with input as object.union(inputs.total, {"agent": {"id": "coding-assistant"}})`.
package gateway.v1.inputs

# METADATA
# description: Every field of the policy input, version 1. The time is Wednesday, 14 January 2026, 10:00 UTC.
total := {
	"agent": {
		"id": "", "scope": "", "owner_team": "", "model": "",
		"client": {"name": "", "version": ""},
		"delegated_by": [],
	},
	"user": {"id": "", "groups": [], "data_classifications_authorized": []},
	"identity": {"capabilities": {}},
	"server": {"id": "", "package": "", "version": "", "region": "", "trust": "", "pinned": false},
	"action": {
		"type": "tool_call", "tool": "", "resource": "", "prompt": "",
		"ref": {}, "request": {}, "args": {}, "annotations": {},
		"effect": "unknown", "consent": "accepted", "schema_checked": true,
		"data_classes_referenced": [], "hash": "",
		"result": {
			"bytes": 0, "content_types": [], "data_classes": {}, "is_cut": false, "is_error": false,
			"labels": [], "mime_types": [], "structured": {}, "text": "",
		},
	},
	"context": object.union(counts, {"conversation_id": "", "session_age_seconds": 0, "labels": [], "agent": counts}),
	"budgets": {},
	"claims": {"present": [], "model": "", "turn_count": 0, "cumulative_tokens": 0, "conversation_id": ""},
	"environment": {
		"region": "", "time": "2026-01-14T10:00:00Z", "time_ms": 1768384800000,
		"weekday": "wednesday", "timezone": "UTC", "is_production": false, "labels": {}, "gateway": "",
	},
}

counts := {
	"calls_in_a_minute": 0, "calls_in_a_row": 0, "calls_of_tool": 0, "cumulative_tokens": 0,
	"denied_calls": 0, "denied_in_a_minute": 0, "identical_calls": 0, "turn_count": 0,
}

# METADATA
# description: |
#   The input of a conversation that has these labels: `inputs.labelled({"customer_data"}, inputs.tool_call(…))`. As at the
#   gateway they are data classes that the call refers to, too.
labelled(labels, input_) := object.union(input_, {
	"context": {"labels": [{"label": label, "source": "test", "age_seconds": 60} | some label in sort(labels)]},
	"action": {"data_classes_referenced": array.concat(
		input_.action.data_classes_referenced,
		[label | some label in sort(labels)],
	)},
})

# METADATA
# description: The total input for a call of a tool, with the effect that the bundle's manifest declares for it.
tool_call(server, tool, effect, args) := object.union(total, {
	"server": {"id": server},
	"action": {"tool": tool, "effect": effect, "args": args},
})

# METADATA
# description: |
#   The total input for the result of a call, as tool_call has it; `result` holds what matters of the result, such as
#   `{"data_classes": {"card_number": 1}}`.
tool_result(call, result) := object.union(call, {"action": {"type": "tool_result", "result": result}})

# METADATA
# description: |
#   The total input for a request other than a tool's; `named` holds what the type fills, such as `{"resource": uri}` of a
#   resource_read, `{"prompt": name, "args": args}` of a prompt_get, `{"ref": ref, "args": {name: value}}` of a completion.
request(server, type, named) := object.union(total, {
	"server": {"id": server},
	"action": object.union({"type": type, "effect": "read"}, named),
})

# METADATA
# description: The total input for what a server asks of its client; type is sampling, elicitation or roots.
question(server, type, params) := object.union(total, {
	"server": {"id": server},
	"action": {"type": type, "request": params},
})

# METADATA
# description: As question, with what the client answered.
answer(server, type, params, given) := object.union(question(server, type, params), {"action": {"args": given}})
