# METADATA
# title: Compliance, as long as the organisation has said nothing
package starter_compliance

import data.starter_compliance.config

# METADATA
# title: A server does not ask the user for secrets in a form
# description: |
#   What stands in a form passes through the client and its model. The protocol wants secrets asked for at an address that
#   the user opens (MCP 2025-11-25, client/elicitation).
# custom:
#   id: STC-201
#   remediation: Let {server} ask for {field} at an address that the user opens, not in a form.
#   remedy: ask_at_an_address
deny contains {"id": "STC-201", "reason": "asks_for_secret", "params": {"server": input.server.id, "field": field}} if {
	input.action.type == "elicitation"
	some field, _ in input.action.request.requestedSchema.properties
	some word in config.words_of_secrets
	contains(replace(replace(lower(field), "_", ""), "-", ""), word)
}

# METADATA
# title: An address that the user is sent to is an https one
# custom:
#   id: STC-202
#   remediation: Tell the user that {server} wanted to send them to an address that is not safe.
#   remedy: use_https
deny contains {"id": "STC-202", "reason": "address_not_https", "params": {"server": input.server.id}} if {
	input.action.type == "elicitation"
	object.get(input.action.request, "mode", "form") == "url"
	not startswith(lower(object.get(input.action.request, "url", "")), "https://")
}

# METADATA
# title: A server does not get what others said
# description: A server that asks the client's model may have its own part of the conversation, not that of all servers.
# custom:
#   id: STC-203
#   remediation: Let {server} ask without the context of other servers.
#   remedy: ask_without_context
deny contains {"id": "STC-203", "reason": "asks_for_foreign_context", "params": {"server": input.server.id}} if {
	input.action.type == "sampling"
	object.get(input.action.request, "includeContext", "none") == "allServers"
}

# METADATA
# title: What destroys, or may destroy, is kept for the audit
# custom: {id: STC-301}
obligations contains {"id": "STC-301", "type": "audit_required"} if {
	input.action.type == "tool_call"
	input.action.effect in {"destroy", "unknown"}
}

# METADATA
# title: What a server asks of the model, the user or their folders is kept for the audit
# custom: {id: STC-302}
obligations contains {"id": "STC-302", "type": "audit_required"} if {
	input.action.type in {"sampling", "elicitation", "roots"}
}
