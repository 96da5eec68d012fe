package qdrant_test

import data.gateway.v1.inputs
import data.qdrant

ids(elements) := {element.id | some element in elements}

call(tool, effect, args) := inputs.tool_call("qdrant", tool, effect, args)

configured(change) := object.union(data.qdrant.config, change)

test_notes_are_stored_and_found if {
	ids(qdrant.allow) == {"QDRANT-101"} with input as call("qdrant-find", "read", {"query": "tea"})
	qdrant.deny == set() with input as call("qdrant-find", "read", {"query": "tea"})
	qdrant.obligations == set() with input as call("qdrant-find", "read", {"query": "tea"})
	ids(qdrant.allow) == {"QDRANT-102"} with input as call("qdrant-store", "write", {"information": "Mia likes tea"})
	qdrant.deny == set() with input as call("qdrant-store", "write", {"information": "Mia likes tea"})
	qdrant.obligations == set() with input as call("qdrant-store", "write", {"information": "Mia likes tea"})
}

test_a_note_is_only_so_long if {
	ids(qdrant.deny) == {"QDRANT-202"} with input as call("qdrant-store", "write", {"information": "Mia likes tea"})
		with data.qdrant.config as configured({"most_characters": 3})
}

test_what_is_not_known_is_confirmed if {
	ids(qdrant.allow) == {"QDRANT-190"} with input as call("qdrant-delete", "unknown", {})
	ids(qdrant.obligations) == {"QDRANT-390"} with input as call("qdrant-delete", "unknown", {})
}

token := concat("", ["gh", "p_abcdefghijklmnopqrstuvwxyz0123456789"])

test_no_secret_is_stored if {
	ids(qdrant.deny) == {"QDRANT-201"} with input as call("qdrant-store", "write", {"information": "a", "metadata": {"key": token}})
}
