package memory_test

import data.gateway.v1.inputs
import data.memory

ids(elements) := {element.id | some element in elements}

call(tool, effect, args) := inputs.tool_call("memory", tool, effect, args)

configured(change) := object.union(data.memory.config, change)

test_notes_are_read_and_added if {
	ids(memory.allow) == {"MEM-101"} with input as call("read_graph", "read", {})
	memory.deny == set() with input as call("read_graph", "read", {})
	memory.obligations == set() with input as call("read_graph", "read", {})
	ids(memory.allow) == {"MEM-102"} with input as call("create_entities", "write", {"entities": [{"name": "Mia", "entityType": "person", "observations": ["likes tea"]}]})
	memory.deny == set() with input as call("create_entities", "write", {"entities": [{"name": "Mia", "entityType": "person", "observations": ["likes tea"]}]})
	memory.obligations == set() with input as call("create_entities", "write", {"entities": [{"name": "Mia", "entityType": "person", "observations": ["likes tea"]}]})
}

test_deleting_is_confirmed_once if {
	ids(memory.allow) == {"MEM-102"} with input as call("delete_entities", "destroy", {"entityNames": ["Mia"]})
	memory.deny == set() with input as call("delete_entities", "destroy", {"entityNames": ["Mia"]})
	ids(memory.obligations) == {"MEM-301"} with input as call("delete_entities", "destroy", {"entityNames": ["Mia"]})
}

test_a_call_changes_only_so_many if {
	ids(memory.deny) == {"MEM-201"} with input as call("delete_entities", "destroy", {"entityNames": ["a", "b", "c"]})
		with data.memory.config as configured({"most_entries": 2})
	memory.deny == set() with input as call("delete_entities", "destroy", {"entityNames": ["a", "b"]})
		with data.memory.config as configured({"most_entries": 2})
}

test_what_is_not_known_is_confirmed if {
	ids(memory.allow) == {"MEM-190"} with input as call("merge_entities", "unknown", {})
	ids(memory.obligations) == {"MEM-390"} with input as call("merge_entities", "unknown", {})
	ids(memory.obligations) == {"MEM-390"} with input as call("read_graph", "read", {"depth": 2})
}

token := concat("", ["gh", "p_abcdefghijklmnopqrstuvwxyz0123456789"])

test_no_secret_is_remembered if {
	noted := {"observations": [{"entityName": "Mia", "contents": ["tea", token]}]}
	ids(memory.deny) == {"MEM-202"} with input as call("add_observations", "write", noted)
	memory.deny == set() with input as call("search_nodes", "read", {"query": token})
}
