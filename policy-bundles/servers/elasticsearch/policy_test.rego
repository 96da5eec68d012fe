package elasticsearch_test

import data.elasticsearch
import data.gateway.v1.inputs

ids(elements) := {element.id | some element in elements}

call(tool, effect, args) := inputs.tool_call("elasticsearch", tool, effect, args)

configured(change) := object.union(data.elasticsearch.config, change)

test_indices_are_searched if {
	ids(elasticsearch.allow) == {"ELASTIC-101"} with input as call("search", "read", {"index": "orders", "queryBody": {"query": {"match_all": {}}, "size": 10}})
	elasticsearch.deny == set() with input as call("search", "read", {"index": "orders", "queryBody": {"query": {"match_all": {}}, "size": 10}})
	elasticsearch.obligations == set() with input as call("search", "read", {"index": "orders", "queryBody": {"query": {"match_all": {}}, "size": 10}})
	ids(elasticsearch.allow) == {"ELASTIC-101"} with input as call("list_indices", "read", {"indexPattern": "*"})
	elasticsearch.deny == set() with input as call("list_indices", "read", {"indexPattern": "*"})
}

test_closed_indices_stay_closed if {
	ids(elasticsearch.deny) == {"ELASTIC-201"} with input as call("search", "read", {"index": ".security-7", "queryBody": {}})
	ids(elasticsearch.deny) == {"ELASTIC-201"} with input as call("search", "read", {"index": "*", "queryBody": {}})
	ids(elasticsearch.deny) == {"ELASTIC-201"} with input as call("search", "read", {"index": "orders,.kibana", "queryBody": {}})
	ids(elasticsearch.deny) == {"ELASTIC-201"} with input as call("search", "read", {"index": "_all", "queryBody": {}})
	ids(elasticsearch.deny) == {"ELASTIC-201"} with input as call("search", "read", {"index": "*ecurity", "queryBody": {}})
	ids(elasticsearch.deny) == {"ELASTIC-201"} with input as call("get_mappings", "read", {"index": "orders"})
		with data.elasticsearch.config as configured({"indices": ["logs-*"]})
	elasticsearch.deny == set() with input as call("get_mappings", "read", {"index": "logs-1"})
		with data.elasticsearch.config as configured({"indices": ["logs-*"]})
}

test_a_search_runs_no_program if {
	ids(elasticsearch.deny) == {"ELASTIC-202"} with input as call("search", "read", {"index": "orders", "queryBody": {"aggs": {"a": {"sum": {"script": "1"}}}}})
	ids(elasticsearch.deny) == {"ELASTIC-203"} with input as call("search", "read", {"index": "orders", "queryBody": {"size": 501}})
}

test_what_is_not_known_is_confirmed if {
	ids(elasticsearch.allow) == {"ELASTIC-190"} with input as call("esql", "unknown", {})
	ids(elasticsearch.obligations) == {"ELASTIC-390"} with input as call("esql", "unknown", {})
}
