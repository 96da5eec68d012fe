# METADATA
# title: A server, as long as it ships no policy
# description: |
#   What a server says is only reading runs. The rest waits for a bundle that says what is allowed, because nobody but the author
#   knows what a tool does.
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
# title: Tools that change something need a bundle
# custom:
#   id: STS-201
#   remediation: Use a tool of {server} that only reads, or ask the user to add a policy bundle for {server} that allows {tool}.
#   remedy: add_a_bundle
deny contains {
	"id": "STS-201", "reason": sprintf("no_bundle_%s", [input.action.effect]),
	"params": {"server": input.server.id, "tool": input.action.tool},
} if {
	input.action.type == "tool_call"
	input.action.effect in {"write", "destroy"}
}

# METADATA
# title: Tools that nobody says anything about need a bundle
# description: The tool carries no annotations, so the protocol takes it for one that destroys.
# custom:
#   id: STS-202
#   remediation: Ask the user to add a policy bundle for {server} that says what {tool} does.
#   remedy: add_a_bundle
deny contains {
	"id": "STS-202", "reason": "no_bundle_unknown",
	"params": {"server": input.server.id, "tool": input.action.tool},
} if {
	input.action.type == "tool_call"
	not input.action.effect in {"read", "write", "destroy"}
}
