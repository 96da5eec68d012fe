package tavily_test

import data.gateway.v1.inputs
import data.tavily

ids(elements) := {element.id | some element in elements}

call(tool, effect, args) := inputs.tool_call("tavily", tool, effect, args)

configured(change) := object.union(data.tavily.config, change)

test_questions_are_asked if {
	ids(tavily.allow) == {"TAVILY-101"} with input as call("tavily_search", "read", {"query": "tea in Berlin"})
	tavily.deny == set() with input as call("tavily_search", "read", {"query": "tea in Berlin"})
	tavily.obligations == set() with input as call("tavily_search", "read", {"query": "tea in Berlin"})
}

test_a_question_is_only_so_long if {
	ids(tavily.deny) == {"TAVILY-202"} with input as call("tavily_search", "read", {"query": "tea in Berlin"})
		with data.tavily.config as configured({"most_characters": 3})
}

test_pages_come_from_open_hosts if {
	ids(tavily.deny) == {"TAVILY-203"} with input as call("tavily_extract", "read", {"urls": ["https://example.com/", "http://10.0.0.1/"]})
	tavily.deny == set() with input as call("tavily_crawl", "read", {"url": "https://example.com/"})
	ids(tavily.deny) == {"TAVILY-203"} with input as call("tavily_crawl", "read", {"url": "https://example.com/"})
		with data.tavily.config as configured({"hosts": ["northwind.example"]})
	tavily.deny == set() with input as call("tavily_crawl", "read", {"url": "https://northwind.example/"})
		with data.tavily.config as configured({"hosts": ["northwind.example"]})
}

test_only_so_much_is_asked_for if {
	ids(tavily.deny) == {"TAVILY-204"} with input as call("tavily_search", "read", {"query": "tea", "max_results": 21})
	ids(tavily.deny) == {"TAVILY-205", "TAVILY-206", "TAVILY-207"} with input as call("tavily_crawl", "read", {"url": "https://example.com/", "limit": 101, "max_depth": 4, "max_breadth": 51})
}

test_what_is_not_known_is_confirmed if {
	ids(tavily.allow) == {"TAVILY-190"} with input as call("tavily_post", "unknown", {})
	ids(tavily.obligations) == {"TAVILY-390"} with input as call("tavily_post", "unknown", {})
}

token := concat("", ["gh", "p_abcdefghijklmnopqrstuvwxyz0123456789"])

test_no_secret_leaves if {
	asked := object.union({"query": "tea in Berlin"}, {"query": token})
	ids(tavily.deny) == {"TAVILY-201"} with input as call("tavily_search", "read", asked)
}
