# METADATA
# title: What the author of the echo server allows
package bench_echo

import data.bench_echo.config
import data.gateway.v1.amounts
import data.gateway.v1.paths

# METADATA
# title: Reading is allowed
# custom: {id: ECHO-101}
allow contains {"id": "ECHO-101", "reason": "reading"} if input.action.effect == "read"

# METADATA
# title: The tools named are allowed
# custom: {id: ECHO-102}
allow contains {"id": "ECHO-102", "reason": "named_tool"} if input.action.tool in config.tools

# METADATA
# title: A path has one meaning
# custom: {id: ECHO-201, remediation: Name a plain path.}
deny contains {"id": "ECHO-201", "reason": "path_unsafe"} if {
	input.action.args.path
	not paths.is_safe(input.action.args.path)
}

# METADATA
# title: A path lies within the roots
# custom: {id: ECHO-202, remediation: Name a path below one of the roots.}
deny contains {"id": "ECHO-202", "reason": "path_outside_roots"} if {
	input.action.args.path
	not is_within_roots
}

# METADATA
# title: Files that hold keys are not touched
# custom: {id: ECHO-203, remediation: Name another file.}
deny contains {"id": "ECHO-203", "reason": "key_file"} if {
	some pattern in config.blocked_files
	regex.match(pattern, input.action.args.path)
}

# METADATA
# title: No secret is sent
# custom: {id: ECHO-204, remediation: Take the secret out of the text., retry: with_changes}
deny contains {"id": "ECHO-204", "reason": "secret_in_text"} if {
	some pattern in config.secrets
	regex.match(pattern, input.action.args.text)
}

# METADATA
# title: A text has a length
# custom: {id: ECHO-205, remediation: Send less text., retry: with_changes}
deny contains {"id": "ECHO-205", "reason": "text_too_long"} if {
	count(input.action.args.text) > config.max_characters
}

# METADATA
# title: An amount is an amount and within the limit
# custom: {id: ECHO-206, remediation: 'Name at most {limit}.', retry: with_changes}
deny contains {"id": "ECHO-206", "reason": "amount_above_limit", "params": {"limit": config.max_amount}} if {
	amount := input.action.args.amount
	not amounts.at_most(amount, config.max_amount)
}

# METADATA
# title: A call names a few hosts
# custom: {id: ECHO-207, remediation: Name fewer hosts., retry: with_changes}
deny contains {"id": "ECHO-207", "reason": "too_many_hosts"} if count(input.action.args.hosts) > config.max_hosts

# METADATA
# title: A host is a name or an address
# custom: {id: ECHO-208, remediation: 'Correct the host {host}.', retry: with_changes}
deny contains {"id": "ECHO-208", "reason": "malformed_host", "params": {"host": host}} if {
	some host in input.action.args.hosts
	not regex.match(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$`, host)
}

# METADATA
# title: Half of the limit is kept for the audit
# custom: {id: ECHO-301}
obligations contains {"id": "ECHO-301", "type": "audit_required"} if {
	amounts.at_least(input.action.args.amount, config.max_amount / 2)
}

# METADATA
# title: A text that shouts is pointed out
# custom: {id: ECHO-302}
obligations contains {"id": "ECHO-302", "type": "warn", "text": "The text shouts."} if {
	regex.match(`^[^a-z]{20,}$`, input.action.args.text)
}

is_within_roots if {
	some root in config.roots
	paths.within(root, input.action.args.path)
}
