package cloudflare_test

import data.cloudflare
import data.gateway.v1.inputs

ids(elements) := {element.id | some element in elements}

call(tool, effect, args) := inputs.tool_call("cloudflare", tool, effect, args)

configured(change) := object.union(data.cloudflare.config, change)

test_reading_is_allowed if {
	ids(cloudflare.allow) == {"CLOUD-101"} with input as call("worker_list", "read", {})
	cloudflare.deny == set() with input as call("worker_list", "read", {})
	cloudflare.obligations == set() with input as call("worker_list", "read", {})
	ids(cloudflare.allow) == {"CLOUD-102"} with input as call("d1_query", "destroy", {"databaseId": "d", "query": "SELECT 1"})
	cloudflare.deny == set() with input as call("d1_query", "destroy", {"databaseId": "d", "query": "SELECT 1"})
	cloudflare.obligations == set() with input as call("d1_query", "destroy", {"databaseId": "d", "query": "SELECT 1"})
	ids(cloudflare.allow) == {"CLOUD-102"} with input as call("queue_get_message", "write", {"queueId": "q"})
	cloudflare.deny == set() with input as call("queue_get_message", "write", {"queueId": "q"})
}

test_nothing_is_deleted if {
	ids(cloudflare.deny) == {"CLOUD-201"} with input as call("r2_delete_bucket", "destroy", {"name": "a"})
	cloudflare.deny == set() with input as call("r2_delete_bucket", "destroy", {"name": "a"})
		with data.cloudflare.config as configured({"allow_deleting": true})
	ids(cloudflare.obligations) == {"CLOUD-301"} with input as call("r2_delete_bucket", "destroy", {"name": "a"})
		with data.cloudflare.config as configured({"allow_deleting": true})
}

test_programs_come_from_open_folders if {
	ids(cloudflare.deny) == {"CLOUD-202"} with input as call("worker_deploy", "destroy", {"name": "a", "filePath": "/etc/passwd"})
	ids(cloudflare.obligations) == {"CLOUD-302"} with input as call("worker_deploy", "destroy", {"name": "a", "filePath": "/etc/passwd"})
	cloudflare.deny == set() with input as call("worker_deploy", "destroy", {"name": "a", "filePath": "/home/mia/work/a.js"})
		with data.cloudflare.config as configured({"folders": ["/home/mia/work"]})
}

test_statements_are_held_to_account if {
	ids(cloudflare.deny) == {"CLOUD-203"} with input as call("d1_query", "destroy", {"databaseId": "d", "query": "DROP TABLE a"})
	ids(cloudflare.deny) == {"CLOUD-203"} with input as call("d1_query", "destroy", {"databaseId": "d", "query": "DELETE FROM a"})
	cloudflare.deny == set() with input as call("d1_query", "destroy", {"databaseId": "d", "query": "INSERT INTO a VALUES ('x')"})
	ids(cloudflare.obligations) == {"CLOUD-304"} with input as call("d1_query", "destroy", {"databaseId": "d", "query": "INSERT INTO a VALUES ('x')"})
	cloudflare.deny == set() with input as call("d1_query", "destroy", {"databaseId": "d", "query": "UPDATE a SET b = 1 WHERE c = 2"})
	ids(cloudflare.obligations) == {"CLOUD-304"} with input as call("d1_query", "destroy", {"databaseId": "d", "query": "UPDATE a SET b = 1 WHERE c = 2"})
}

test_consequences_are_confirmed if {
	ids(cloudflare.allow) == {"CLOUD-102"} with input as call("secret_put", "destroy", {"scriptName": "a", "secretName": "b", "secretValue": "c"})
	ids(cloudflare.obligations) == {"CLOUD-303"} with input as call("secret_put", "destroy", {"scriptName": "a", "secretName": "b", "secretValue": "c"})
	ids(cloudflare.allow) == {"CLOUD-102"} with input as call("kv_put", "destroy", {"namespaceId": "a", "key": "b", "value": "c"})
	ids(cloudflare.obligations) == {"CLOUD-305"} with input as call("kv_put", "destroy", {"namespaceId": "a", "key": "b", "value": "c"})
}

test_what_is_not_known_is_confirmed if {
	ids(cloudflare.allow) == {"CLOUD-190"} with input as call("dns_delete", "unknown", {})
	ids(cloudflare.obligations) == {"CLOUD-390"} with input as call("dns_delete", "unknown", {})
}
