# METADATA
# title: The upstream of the conformance suite
# description: What its author would ship. All that it offers is allowed by name, and what it asks of a client is bounded.
package conformance

# What has another name than `test_…`.
other_tools := {
	"json_schema_2020_12_tool",
	"greet", "slow_compute", "failing_job", "protocol_error_job", "confirm_delete", "multi_input",
}

# METADATA
# title: The tools of the suite are allowed
# custom: {id: CF-101}
allow contains {"id": "CF-101", "reason": "tool_of_the_suite"} if {
	input.action.type == "tool_call"
	is_of_the_suite(input.action.tool)
}

is_of_the_suite(tool) if startswith(tool, "test_")

is_of_the_suite(tool) if tool in other_tools

# METADATA
# title: The resources of the suite may be read and watched
# custom: {id: CF-102}
allow contains {"id": "CF-102", "reason": "resource_of_the_suite"} if {
	input.action.type in {"resource_read", "subscribe"}
	startswith(input.action.resource, "test://")
}

# METADATA
# title: The prompts of the suite are allowed
# custom: {id: CF-103}
allow contains {"id": "CF-103", "reason": "prompt_of_the_suite"} if {
	input.action.type == "prompt_get"
	startswith(input.action.prompt, "test_")
}

# METADATA
# title: What the suite's prompts and templates take is completed
# custom: {id: CF-104}
allow contains {"id": "CF-104", "reason": "completion_of_the_suite"} if {
	input.action.type == "completion"
	input.action.ref.type in {"ref/prompt", "ref/resource"}
}

# METADATA
# title: The model is borrowed for short answers only
# custom:
#   id: CF-201
#   remediation: Ask for at most 1000 tokens.
deny contains {"id": "CF-201", "reason": "sampling_too_long"} if {
	input.action.type == "sampling"
	object.get(input.action.request, "maxTokens", 0) > 1000
}

# METADATA
# title: Users are asked in forms only
# custom:
#   id: CF-202
#   remediation: Ask in a form.
deny contains {"id": "CF-202", "reason": "not_a_form"} if {
	input.action.type == "elicitation"
	object.get(input.action.request, "mode", "form") != "form"
}
