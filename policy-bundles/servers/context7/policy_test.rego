package context7_test

import data.context7
import data.gateway.v1.inputs

ids(elements) := {element.id | some element in elements}

call(tool, effect, args) := inputs.tool_call("context7", tool, effect, args)

configured(change) := object.union(data.context7.config, change)

test_questions_are_asked if {
	ids(context7.allow) == {"CTX-101"} with input as call("query-docs", "read", {"libraryId": "/a/b", "query": "how to start"})
	context7.deny == set() with input as call("query-docs", "read", {"libraryId": "/a/b", "query": "how to start"})
	context7.obligations == set() with input as call("query-docs", "read", {"libraryId": "/a/b", "query": "how to start"})
}

test_a_question_is_only_so_long if {
	ids(context7.deny) == {"CTX-202"} with input as call("query-docs", "read", {"libraryId": "/a/b", "query": "how to start"})
		with data.context7.config as configured({"most_characters": 3})
}

test_what_is_not_known_is_confirmed if {
	ids(context7.allow) == {"CTX-190"} with input as call("publish", "unknown", {})
	ids(context7.obligations) == {"CTX-390"} with input as call("publish", "unknown", {})
}

token := concat("", ["gh", "p_abcdefghijklmnopqrstuvwxyz0123456789"])

test_no_secret_leaves if {
	asked := object.union({"libraryId": "/a/b", "query": "how to start"}, {"query": token})
	ids(context7.deny) == {"CTX-201"} with input as call("query-docs", "read", asked)
}
