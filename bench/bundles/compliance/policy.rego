# METADATA
# title: What law and contracts demand, whatever the arguments are called
package bench_compliance

import data.bench_compliance.config
import data.gateway.v1.amounts
import data.gateway.v1.globs

# METADATA
# title: Lists of people stay inside
# custom: {id: BCO-201, remediation: Name at most two addresses., retry: with_changes}
deny contains {"id": "BCO-201", "reason": "list_of_people"} if {
	some text in texts
	addresses := {match[0] | some match in regex.find_all_string_submatch_n(`[\w.+-]+@[\w-]+\.[\w.-]+`, text, -1)}
	count(addresses) > 2
}

# METADATA
# title: Account numbers stay inside
# custom: {id: BCO-202, remediation: Take the account number out., retry: with_changes}
deny contains {"id": "BCO-202", "reason": "account_number"} if {
	some text in texts
	regex.match(`\b[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){3,7}\b`, text)
}

# METADATA
# title: Card numbers stay inside
# custom: {id: BCO-203, remediation: Take the card number out., retry: with_changes}
deny contains {"id": "BCO-203", "reason": "card_number"} if {
	some text in texts
	regex.match(`\b(?:4[0-9]{3}|5[1-5][0-9]{2})[ -]?[0-9]{4}[ -]?[0-9]{4}[ -]?[0-9]{4}\b`, text)
}

# METADATA
# title: Data stays in its regions
# custom: {id: BCO-204, remediation: Use a server in another region.}
deny contains {"id": "BCO-204", "reason": "region_not_allowed"} if {
	not globs.matches_any(config.regions, input.server.region)
}

# METADATA
# title: Some networks are never reached
# custom: {id: BCO-205, remediation: 'Leave {host} out.', retry: with_changes}
deny contains {"id": "BCO-205", "reason": "forbidden_network", "params": {"host": host}} if {
	some host in input.action.args.hosts
	regex.match(`^[0-9.]+$|:`, host)
	some network in config.networks
	net.cidr_contains(network, host)
}

# METADATA
# title: Code names are not spoken
# custom: {id: BCO-206, remediation: 'Leave the {kind} out.', retry: with_changes}
deny contains {"id": "BCO-206", "reason": "code_name", "params": {"kind": kind}} if {
	some text in texts
	some word in split(lower(text), " ")
	kind := config.terms[word]
}

# METADATA
# title: What was seen under a label is not passed on
# custom: {id: BCO-207, remediation: Begin a new conversation.}
deny contains {"id": "BCO-207", "reason": "labelled_conversation", "params": {"label": label.label}} if {
	some label in input.context.labels
	label.label in config.kept_labels
}

# METADATA
# title: Personal data is for those who are cleared for it
# custom: {id: BCO-208, remediation: Ask for access to personal data.}
deny contains {"id": "BCO-208", "reason": "personal_data", "params": {"class": class}} if {
	some class in input.action.data_classes_referenced
	class in config.personal
	not class in input.user.data_classifications_authorized
}

# METADATA
# title: What touches personal data is kept for the audit
# custom: {id: BCO-301}
obligations contains {"id": "BCO-301", "type": "audit_required"} if {
	some class in input.action.data_classes_referenced
	class in config.personal
}

# METADATA
# title: Large amounts are kept for the audit
# custom: {id: BCO-302}
obligations contains {"id": "BCO-302", "type": "audit_required"} if {
	walk(input.action.args, [_, amount])
	amounts.at_least(amount, config.audited_amount)
}

texts contains text if {
	walk(input.action.args, [_, text])
	is_string(text)
}
