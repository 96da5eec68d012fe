package duckduckgo_test

import data.duckduckgo
import data.gateway.v1.inputs

ids(elements) := {element.id | some element in elements}

call(tool, effect, args) := inputs.tool_call("duckduckgo", tool, effect, args)

configured(change) := object.union(data.duckduckgo.config, change)

test_questions_are_asked if {
	ids(duckduckgo.allow) == {"DUCKGO-101"} with input as call("search", "read", {"query": "tea in Berlin"})
	duckduckgo.deny == set() with input as call("search", "read", {"query": "tea in Berlin"})
	duckduckgo.obligations == set() with input as call("search", "read", {"query": "tea in Berlin"})
}

test_a_question_is_only_so_long if {
	ids(duckduckgo.deny) == {"DUCKGO-202"} with input as call("search", "read", {"query": "tea in Berlin"})
		with data.duckduckgo.config as configured({"most_characters": 3})
}

test_pages_come_from_open_hosts if {
	ids(duckduckgo.deny) == {"DUCKGO-203"} with input as call("fetch_content", "read", {"url": "http://169.254.169.254/"})
	duckduckgo.deny == set() with input as call("fetch_content", "read", {"url": "https://example.com/"})
	ids(duckduckgo.deny) == {"DUCKGO-203"} with input as call("fetch_content", "read", {"url": "https://example.com/"})
		with data.duckduckgo.config as configured({"hosts": ["northwind.example"]})
	duckduckgo.deny == set() with input as call("fetch_content", "read", {"url": "https://northwind.example/"})
		with data.duckduckgo.config as configured({"hosts": ["northwind.example"]})
}

test_only_so_many_answers if {
	ids(duckduckgo.deny) == {"DUCKGO-204"} with input as call("search", "read", {"query": "tea", "max_results": 31})
}

test_what_is_not_known_is_confirmed if {
	ids(duckduckgo.allow) == {"DUCKGO-190"} with input as call("post", "unknown", {})
	ids(duckduckgo.obligations) == {"DUCKGO-390"} with input as call("post", "unknown", {})
}

token := concat("", ["gh", "p_abcdefghijklmnopqrstuvwxyz0123456789"])

test_no_secret_leaves if {
	asked := object.union({"query": "tea in Berlin"}, {"query": token})
	ids(duckduckgo.deny) == {"DUCKGO-201"} with input as call("search", "read", asked)
}
