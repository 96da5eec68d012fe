package notion_test

import data.gateway.v1.inputs
import data.notion

ids(elements) := {element.id | some element in elements}

call(tool, effect, args) := inputs.tool_call("notion", tool, effect, args)

configured(change) := object.union(data.notion.config, change)

test_searching_is_reading if {
	ids(notion.allow) == {"NOTE-101"} with input as call("API-post-search", "read", {"query": "a"})
	notion.deny == set() with input as call("API-post-search", "read", {"query": "a"})
	notion.obligations == set() with input as call("API-post-search", "read", {"query": "a"})
}

test_writing_is_confirmed_once if {
	ids(notion.allow) == {"NOTE-102"} with input as call("API-post-page", "write", {"parent": {"page_id": "5f0c1d3e-0000-4000-8000-000000000001"}, "properties": {}})
	notion.deny == set() with input as call("API-post-page", "write", {"parent": {"page_id": "5f0c1d3e-0000-4000-8000-000000000001"}, "properties": {}})
	ids(notion.obligations) == {"NOTE-303"} with input as call("API-post-page", "write", {"parent": {"page_id": "5f0c1d3e-0000-4000-8000-000000000001"}, "properties": {}})
	ids(notion.allow) == {"NOTE-102"} with input as call("API-patch-page", "destroy", {"page_id": "5f0c1d3e-0000-4000-8000-000000000001", "properties": {}})
	notion.deny == set() with input as call("API-patch-page", "destroy", {"page_id": "5f0c1d3e-0000-4000-8000-000000000001", "properties": {}})
	ids(notion.obligations) == {"NOTE-302"} with input as call("API-patch-page", "destroy", {"page_id": "5f0c1d3e-0000-4000-8000-000000000001", "properties": {}})
	notion.deny == set() with input as call("API-update-page-markdown", "destroy", {"page_id": "5f0c1d3e-0000-4000-8000-000000000001", "type": "update_content", "update_content": {"allow_deleting_content": false}})
	ids(notion.obligations) == {"NOTE-302"} with input as call("API-update-page-markdown", "destroy", {"page_id": "5f0c1d3e-0000-4000-8000-000000000001", "type": "update_content", "update_content": {"allow_deleting_content": false}})
}

test_nothing_is_put_in_the_trash if {
	ids(notion.deny) == {"NOTE-201"} with input as call("API-delete-a-block", "destroy", {"block_id": "5f0c1d3e-0000-4000-8000-000000000001"})
	ids(notion.deny) == {"NOTE-201"} with input as call("API-patch-page", "destroy", {"page_id": "5f0c1d3e-0000-4000-8000-000000000001", "in_trash": true})
	ids(notion.deny) == {"NOTE-201"} with input as call("API-update-page-markdown", "destroy", {"page_id": "5f0c1d3e-0000-4000-8000-000000000001", "type": "replace_content", "replace_content": {"new_str": "a", "allow_deleting_content": true}})
	ids(notion.deny) == {"NOTE-201"} with input as call("API-update-page-markdown", "destroy", {"page_id": "5f0c1d3e-0000-4000-8000-000000000001", "type": "replace_content", "replace_content": "{\"new_str\": \"a\", \"allow_deleting_content\": true}"})
	notion.deny == set() with input as call("API-delete-a-block", "destroy", {"block_id": "5f0c1d3e-0000-4000-8000-000000000001"})
		with data.notion.config as configured({"allow_deleting": true})
	ids(notion.obligations) == {"NOTE-301"} with input as call("API-delete-a-block", "destroy", {"block_id": "5f0c1d3e-0000-4000-8000-000000000001"})
		with data.notion.config as configured({"allow_deleting": true})
}

test_what_is_not_known_is_confirmed if {
	ids(notion.allow) == {"NOTE-190"} with input as call("API-share-page", "unknown", {})
	ids(notion.obligations) == {"NOTE-390"} with input as call("API-share-page", "unknown", {})
}

test_no_secret_is_written if {
	comment := {"parent": {}, "rich_text": [{"text": {"content": concat("", ["gh", "p_abcdefghijklmnopqrstuvwxyz0123456789"])}}]}
	ids(notion.deny) == {"NOTE-202"} with input as call("API-create-a-comment", "write", comment)
}
