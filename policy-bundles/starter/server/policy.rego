# METADATA
# title: A server, as long as it ships no policy
# description: |
#   What a server says is only reading runs. The rest is asked about once: nobody but the author knows what a tool does, and the
#   author has not said what is allowed, so the user does. What a person has accepted with `server add` or `server approve` runs
#   unless it may destroy something, and what comes to an accepted server later is asked about whatever it says of itself.
package starter_server

# METADATA
# title: Tools that only read are allowed
# custom: {id: STS-101}
allow contains {"id": "STS-101", "reason": "reading"} if {
	input.action.type == "tool_call"
	input.action.effect == "read"
}

# METADATA
# title: Resources, prompts and completions are allowed
# description: The protocol knows them as reading.
# custom: {id: STS-102}
allow contains {"id": "STS-102", "reason": "reading"} if {
	input.action.type in {"resource_read", "prompt_get", "completion", "subscribe"}
}

# METADATA
# title: Other tools are allowed, once their user has approved them
# custom: {id: STS-103}
allow contains {"id": "STS-103", "reason": "approved_by_user"} if {
	input.action.type == "tool_call"
	input.action.effect != "read"
}

# METADATA
# title: A tool that may change or destroy something is approved once by its user, and again when it changes
# description: |
#   Without annotations the protocol takes a tool for one that destroys. What the user has accepted and does not destroy is not
#   asked about.
# custom: {id: STS-301}
obligations contains {"id": "STS-301", "type": "require_approval", "by": "user", "remember": "pin"} if {
	input.action.type == "tool_call"
	input.action.effect != "read"
	not is_accepted_change
}

# METADATA
# title: A tool that came after its server was accepted is approved once by its user
# description: That it only reads is its server's own word, and nobody has looked at it.
# custom: {id: STS-302}
obligations contains {"id": "STS-302", "type": "require_approval", "by": "user", "remember": "pin"} if {
	input.action.type == "tool_call"
	input.action.effect == "read"
	input.server.pinned
	input.action.consent != "accepted"
}

is_accepted_change if {
	input.action.consent == "accepted"
	input.action.effect == "write"
}
