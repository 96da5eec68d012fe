# METADATA
# title: What law and contracts demand of personal data and money
package northwind_compliance

import data.gateway.v1.effects
import data.gateway.v1.globs
import data.gateway.v1.hosts
import data.northwind_compliance.config

# METADATA
# title: Personal data leaves its place only through agents cleared for it
# description: |
#   An export makes a copy that nobody deletes. The user's own clearance is not enough; the platform team clears the agent.
#   Once the conversation has seen personal data, every export counts: the agent may ask for people by their numbers.
# custom:
#   id: CO-101
#   remediation: Work with counts and sums instead of people, or ask the data protection officer to export the data.
#   remedy: ask_the_data_protection_officer
#   alternatives: [run_query]
#   appeal_path: https://northwind.example/privacy/exports
#   owner: data protection officer
#   control: GDPR-Art-5
deny contains {"id": "CO-101", "reason": "personal_data_export", "params": {"class": config.personal_class}} if {
	is_personal
	is_export
	not is_agent_cleared
}

# METADATA
# title: Personal data stays in the European Union
# custom:
#   id: CO-102
#   remediation: Use a server in the European Union.
#   remedy: use_another_region
#   appeal_path: https://northwind.example/privacy/regions
#   owner: data protection officer
#   control: GDPR-Art-44
deny contains {"id": "CO-102", "reason": "personal_data_outside_region", "params": {"region": input.server.region}} if {
	is_personal
	not globs.matches_any(config.regions, input.server.region)
}

# METADATA
# title: Personal data is not sent to the outside
# description: Whether the call itself reaches personal data or the conversation has seen some before.
# custom:
#   id: CO-103
#   remediation: Take personal data out of the message, or ask the data protection officer to send it.
#   remedy: remove_personal_data
#   alternatives: [save_draft]
#   retry: with_changes
#   appeal_path: https://northwind.example/privacy/exports
#   owner: data protection officer
#   control: GDPR-Art-44
deny contains {"id": "CO-103", "reason": "personal_data_to_outside"} if {
	is_outside
	is_personal
}

# METADATA
# title: Lists of people are not sent to the outside
# custom:
#   id: CO-104
#   remediation: Leave the list of addresses out; name at most two.
#   remedy: remove_personal_data
#   retry: with_changes
#   owner: data protection officer
#   control: GDPR-Art-44
deny contains {"id": "CO-104", "reason": "list_of_people_to_outside"} if {
	is_outside
	some text in texts
	addresses := {match[0] | some match in regex.find_all_string_submatch_n(`[\w.+-]+@[\w-]+\.[\w.-]+`, text, -1)}
	count(addresses) > 2
}

# METADATA
# title: What strangers wrote does not carry private data out
# description: |
#   Text from the outside can tell an agent what to do. Alone that is harmless, and so is private data alone; with both in
#   one conversation nothing is published any more, in whichever order they came.
# custom:
#   id: CO-105
#   remediation: Publish from a new conversation that has read neither, or let the user publish it.
#   remedy: publish_from_a_new_conversation
#   appeal_path: https://northwind.example/security/flows
#   owner: security
#   control: NW-SEC-7
deny contains {
	"id": "CO-105", "reason": "untrusted_and_private_to_outside",
	"params": {"untrusted": config.untrusted_label, "private": config.private_label},
} if {
	is_outside
	labels_of_conversation[config.untrusted_label]
	labels_of_conversation[config.private_label]
}

# METADATA
# title: What is read through some tools marks the conversation
# custom: {id: CO-301}
labels contains {"id": "CO-301", "label": entry.label} if {
	some entry in config.labelled
	names_call(entry)
}

# METADATA
# title: What moves money is kept for the audit
# custom:
#   id: CO-201
#   owner: data protection officer
#   control: SOC2-CC6.1
obligations contains {"id": "CO-201", "type": "audit_required"} if {
	effects.changes(input.action.effect)
	globs.matches_any(config.audited_servers, input.server.id)
}

# METADATA
# title: What touches personal data is kept for the audit
# custom:
#   id: CO-202
#   owner: data protection officer
#   control: GDPR-Art-30
obligations contains {"id": "CO-202", "type": "audit_required"} if is_personal

# Declared by a server, by the gateway's configuration or by a label on the conversation.
is_personal if config.personal_class in input.action.data_classes_referenced

is_personal if {
	some entry in config.classified
	names_call(entry)
	some text in texts
	regex.match(entry.pattern, text)
}

is_export if {
	effects.changes(input.action.effect)
	some entry in config.exports
	names_call(entry)
}

is_outside if {
	some entry in config.outside
	names_call(entry)
	not is_inside
}

is_inside if hosts.address_within(input.action.args.to, config.inside_domains)

labels_of_conversation contains entry.label if some entry in input.context.labels

# A kind of capability that nobody gives is not limited.
is_agent_cleared if not input.identity.capabilities.data_class

is_agent_cleared if {
	some class in input.identity.capabilities.data_class
	class in {config.personal_class, "*"}
}

names_call(entry) if {
	globs.matches_any(entry.servers, input.server.id)
	globs.matches_any(entry.tools, input.action.tool)
	names_repository(entry)
}

names_repository(entry) if not entry.repositories

names_repository(entry) if globs.matches_any(entry.repositories, input.action.args.repository)

texts contains text if {
	walk(input.action.args, [_, text])
	is_string(text)
}
