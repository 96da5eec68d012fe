# METADATA
# title: The journal's policy
# description: For tests. Everything is allowed; what `write` writes brings about every other way a call can go.
package journal

import data.journal.config

# METADATA
# title: Everything is allowed
# custom: {id: JRN-101}
allow contains {"id": "JRN-101", "reason": "everything"} if input.action.tool != ""

# METADATA
# title: Forbidden texts are not written
# custom:
#   id: JRN-201
#   remediation: Write something else than {text}.
#   remedy: write_something_else
#   retry: with_changes
deny contains {"id": "JRN-201", "reason": "forbidden_text", "params": {"text": input.action.args.text}} if {
	input.action.tool == "write"
	input.action.args.text in config.forbidden_texts
}

# METADATA
# title: A text that asks for it is warned about
# custom: {id: JRN-301}
obligations contains {"id": "JRN-301", "type": "warn", "text": "be careful"} if {
	input.action.tool == "write"
	input.action.args.text == "warn me"
}

# METADATA
# title: A text that asks for it is kept for the audit
# custom: {id: JRN-302}
obligations contains {"id": "JRN-302", "type": "audit_required"} if {
	input.action.tool == "write"
	input.action.args.text == "audit me"
}

# METADATA
# title: A text that asks for it needs an obligation that nobody knows
# custom: {id: JRN-303}
obligations contains {"id": "JRN-303", "type": "sing_a_song"} if {
	input.action.tool == "write"
	input.action.args.text == "sing"
}
