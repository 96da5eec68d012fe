package azure_test

import data.azure
import data.gateway.v1.inputs

ids(elements) := {element.id | some element in elements}

call(tool, effect, args) := inputs.tool_call("azure", tool, effect, args)

configured(change) := object.union(data.azure.config, change)

test_reading_is_allowed if {
	ids(azure.allow) == {"AZURE-101"} with input as call("group_list", "read", {})
	azure.deny == set() with input as call("group_list", "read", {})
	azure.obligations == set() with input as call("group_list", "read", {})
	ids(azure.allow) == {"AZURE-101"} with input as call("storage", "destroy", {"intent": "look", "command": "storage_account_get"})
	azure.deny == set() with input as call("storage", "destroy", {"intent": "look", "command": "storage_account_get"})
	azure.obligations == set() with input as call("storage", "destroy", {"intent": "look", "command": "storage_account_get"})
	ids(azure.allow) == {"AZURE-101"} with input as call("keyvault", "destroy", {"intent": "look", "command": "keyvault_secret_get", "learn": true})
	azure.deny == set() with input as call("keyvault", "destroy", {"intent": "look", "command": "keyvault_secret_get", "learn": true})
	azure.obligations == set() with input as call("keyvault", "destroy", {"intent": "look", "command": "keyvault_secret_get", "learn": true})
}

test_closed_commands_are_refused if {
	ids(azure.deny) == {"AZURE-201"} with input as call("keyvault", "destroy", {"intent": "look", "command": "keyvault_secret_get"})
	ids(azure.deny) == {"AZURE-201"} with input as call("compute", "destroy", {"intent": "look", "command": "compute_vm_delete"})
}

test_other_commands_are_confirmed if {
	ids(azure.allow) == {"AZURE-102"} with input as call("storage", "destroy", {"intent": "look", "command": "storage_blob_upload"})
	azure.deny == set() with input as call("storage", "destroy", {"intent": "look", "command": "storage_blob_upload"})
	ids(azure.obligations) == {"AZURE-301"} with input as call("storage", "destroy", {"intent": "look", "command": "storage_blob_upload"})
	ids(azure.allow) == {"AZURE-102"} with input as call("storage", "destroy", {"intent": "look"})
	ids(azure.obligations) == {"AZURE-301"} with input as call("storage", "destroy", {"intent": "look"})
}

test_other_subscriptions_stay_closed if {
	ids(azure.deny) == {"AZURE-202"} with input as call("storage", "destroy", {"intent": "look", "command": "storage_account_get", "parameters": {"subscription": "a"}})
		with data.azure.config as configured({"subscriptions": ["b"]})
	ids(azure.deny) == {"AZURE-202"} with input as call("group_list", "read", {"subscription": "a"})
		with data.azure.config as configured({"subscriptions": ["b"]})
	azure.deny == set() with input as call("group_list", "read", {"subscription": "b"})
		with data.azure.config as configured({"subscriptions": ["b"]})
}

test_what_is_not_known_is_confirmed if {
	ids(azure.allow) == {"AZURE-190"} with input as call("storage_account_create", "unknown", {})
	ids(azure.obligations) == {"AZURE-390"} with input as call("storage_account_create", "unknown", {})
}
