package sequential_thinking_test

import data.gateway.v1.inputs
import data.sequential_thinking

ids(elements) := {element.id | some element in elements}

call(tool, effect, args) := inputs.tool_call("sequential-thinking", tool, effect, args)

configured(change) := object.union(data.sequential_thinking.config, change)

test_thoughts_are_noted if {
	ids(sequential_thinking.allow) == {"THINK-101"} with input as call("sequentialthinking", "read", {"thought": "First.", "nextThoughtNeeded": true, "thoughtNumber": 1, "totalThoughts": 3})
	sequential_thinking.deny == set() with input as call("sequentialthinking", "read", {"thought": "First.", "nextThoughtNeeded": true, "thoughtNumber": 1, "totalThoughts": 3})
	sequential_thinking.obligations == set() with input as call("sequentialthinking", "read", {"thought": "First.", "nextThoughtNeeded": true, "thoughtNumber": 1, "totalThoughts": 3})
}

test_a_thought_is_only_so_long if {
	ids(sequential_thinking.deny) == {"THINK-201"} with input as call("sequentialthinking", "read", {"thought": "First.", "nextThoughtNeeded": true, "thoughtNumber": 1, "totalThoughts": 3})
		with data.sequential_thinking.config as configured({"most_characters": 5})
}

test_what_is_not_known_is_confirmed if {
	ids(sequential_thinking.obligations) == {"THINK-390"} with input as call("sequentialthinking", "read", {"thought": "First.", "nextThoughtNeeded": true, "thoughtNumber": 1, "totalThoughts": 3, "publish": true})
	ids(sequential_thinking.allow) == {"THINK-190"} with input as call("forget", "unknown", {})
	ids(sequential_thinking.obligations) == {"THINK-390"} with input as call("forget", "unknown", {})
}
