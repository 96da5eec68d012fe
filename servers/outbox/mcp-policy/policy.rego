package outbox

import data.gateway.v1.hosts
import data.outbox.config

# METADATA
# title: Reading is allowed
# custom: {id: OUT-101}
allow contains {"id": "OUT-101", "reason": "reading"} if input.action.effect == "read"

# METADATA
# title: Messages may be written and sent
# custom: {id: OUT-102}
allow contains {"id": "OUT-102", "reason": "writing"} if input.action.tool in {"save_draft", "send_message"}

# METADATA
# title: Messages go to the inside only
# description: A message cannot be taken back. What leaves is sent by a person.
# custom:
#   id: OUT-201
#   remediation: Save it as a draft for a person to send, or send it to a colleague at {domains}.
#   remedy: save_a_draft
#   alternatives: [save_draft]
#   retry: with_changes
#   owner: communications
deny contains {
	"id": "OUT-201", "reason": "recipient_outside",
	"params": {"domains": concat(", ", config.internal_domains)},
} if {
	input.action.tool == "send_message"
	not is_inside
}

# METADATA
# title: Links to the outside are pointed out
# custom: {id: OUT-301}
obligations contains {"id": "OUT-301", "type": "warn", "text": sprintf("The message links to the outside: %s.", [link])} if {
	input.action.tool in {"save_draft", "send_message"}
	some [link] in regex.find_all_string_submatch_n(`https?://[^\s"'<>)]+`, input.action.args.body, 20)
	not hosts.allowed(link, config.internal_domains)
}

# METADATA
# title: What looks like a card number is pointed out
# custom: {id: OUT-302}
obligations contains {
	"id": "OUT-302", "type": "warn",
	"text": "The message holds what looks like a card number; leave it out if it is one.",
} if {
	input.action.tool in {"save_draft", "send_message"}
	regex.match(`\b(?:[0-9]{4}[ -]?){3}[0-9]{4}\b`, input.action.args.body)
}

# METADATA
# title: What is sent is kept for the audit
# custom: {id: OUT-303}
obligations contains {"id": "OUT-303", "type": "audit_required"} if input.action.tool == "send_message"

is_inside if hosts.address_within(input.action.args.to, config.internal_domains)
