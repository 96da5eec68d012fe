package brave_search_test

import data.brave_search
import data.gateway.v1.inputs

ids(elements) := {element.id | some element in elements}

call(tool, effect, args) := inputs.tool_call("brave-search", tool, effect, args)

configured(change) := object.union(data.brave_search.config, change)

test_questions_are_asked if {
	ids(brave_search.allow) == {"BRAVE-101"} with input as call("brave_web_search", "read", {"query": "tea in Berlin"})
	brave_search.deny == set() with input as call("brave_web_search", "read", {"query": "tea in Berlin"})
	brave_search.obligations == set() with input as call("brave_web_search", "read", {"query": "tea in Berlin"})
}

test_a_question_is_only_so_long if {
	ids(brave_search.deny) == {"BRAVE-202"} with input as call("brave_web_search", "read", {"query": "tea in Berlin"})
		with data.brave_search.config as configured({"most_characters": 3})
}

test_only_so_many_answers if {
	ids(brave_search.deny) == {"BRAVE-203"} with input as call("brave_image_search", "read", {"query": "tea", "count": 51})
	brave_search.deny == set() with input as call("brave_image_search", "read", {"query": "tea", "count": 50})
}

test_what_is_not_known_is_confirmed if {
	ids(brave_search.allow) == {"BRAVE-190"} with input as call("brave_post", "unknown", {})
	ids(brave_search.obligations) == {"BRAVE-390"} with input as call("brave_post", "unknown", {})
}

token := concat("", ["gh", "p_abcdefghijklmnopqrstuvwxyz0123456789"])

test_no_secret_leaves if {
	asked := object.union({"query": "tea in Berlin"}, {"query": token})
	ids(brave_search.deny) == {"BRAVE-201"} with input as call("brave_web_search", "read", asked)
}
