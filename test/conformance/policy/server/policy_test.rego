package conformance_test

import data.conformance
import data.gateway.v1.inputs

asks(action) := object.union(inputs.total, {"server": {"id": "conformance"}, "action": action})

ids(elements) := {element.id | some element in elements}

test_tools_of_the_suite_are_allowed if {
	every tool in ["test_simple_text", "json_schema_2020_12_tool", "greet"] {
		ids(conformance.allow) == {"CF-101"} with input as asks({"type": "tool_call", "tool": tool})
	}
	conformance.allow == set() with input as asks({"type": "tool_call", "tool": "delete_everything"})
}

test_resources_of_the_suite_are_read_and_watched if {
	every type in ["resource_read", "subscribe"] {
		ids(conformance.allow) == {"CF-102"} with input as asks({"type": type, "resource": "test://static-text"})
		conformance.allow == set() with input as asks({"type": type, "resource": "file:///etc/passwd"})
	}
}

test_prompts_of_the_suite_are_allowed if {
	ids(conformance.allow) == {"CF-103"} with input as asks({"type": "prompt_get", "prompt": "test_simple_prompt"})
	conformance.allow == set() with input as asks({"type": "prompt_get", "prompt": "other"})
}

test_completions_are_allowed if {
	ref := {"type": "ref/prompt", "name": "test_prompt_with_arguments"}
	ids(conformance.allow) == {"CF-104"} with input as asks({"type": "completion", "ref": ref})
}

test_the_model_is_borrowed_for_short_answers if {
	ids(conformance.deny) == {"CF-201"} with input as asks({"type": "sampling", "request": {"maxTokens": 5000}})
	conformance.deny == set() with input as asks({"type": "sampling", "request": {"maxTokens": 100}})
}

test_users_are_asked_in_forms if {
	ids(conformance.deny) == {"CF-202"} with input as asks({"type": "elicitation", "request": {"mode": "url"}})
	conformance.deny == set() with input as asks({"type": "elicitation", "request": {"message": "Who are you?"}})
}

test_folders_are_shown if {
	conformance.deny == set() with input as asks({"type": "roots"})
}
