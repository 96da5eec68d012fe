package shopify_dev_test

import data.gateway.v1.inputs
import data.shopify_dev

ids(elements) := {element.id | some element in elements}

call(tool, effect, args) := inputs.tool_call("shopify-dev", tool, effect, args)

configured(change) := object.union(data.shopify_dev.config, change)

test_documentation_is_read if {
	ids(shopify_dev.allow) == {"SHOPDEV-101"} with input as call("search_docs_chunks", "read", {"conversationId": "c", "prompt": "how to sell tea"})
	shopify_dev.deny == set() with input as call("search_docs_chunks", "read", {"conversationId": "c", "prompt": "how to sell tea"})
	shopify_dev.obligations == set() with input as call("search_docs_chunks", "read", {"conversationId": "c", "prompt": "how to sell tea"})
	ids(shopify_dev.allow) == {"SHOPDEV-101"} with input as call("learn_shopify_api", "read", {"api": "admin"})
	shopify_dev.deny == set() with input as call("learn_shopify_api", "read", {"api": "admin"})
}

test_what_was_said_stays_here if {
	shopify_dev.allow == set() with input as call("feedback", "write", {})
	ids(shopify_dev.deny) == {"SHOPDEV-201"} with input as call("feedback", "write", {})
	ids(shopify_dev.deny) == {"SHOPDEV-202"} with input as call("learn_shopify_api", "read", {"api": "admin", "user_prompt": "my plans"})
	ids(shopify_dev.deny) == {"SHOPDEV-203"} with input as call("search_docs_chunks", "read", {"conversationId": "c", "prompt": "how to sell tea"})
		with data.shopify_dev.config as configured({"most_characters": 3})
}

test_themes_lie_in_open_folders if {
	shopify_dev.deny == set() with input as call("validate_theme", "read", {"absoluteThemePath": "/home/mia/theme"})
	ids(shopify_dev.deny) == {"SHOPDEV-204"} with input as call("validate_theme", "read", {"absoluteThemePath": "/etc"})
		with data.shopify_dev.config as configured({"roots": ["/home/mia"]})
	shopify_dev.deny == set() with input as call("validate_theme", "read", {"absoluteThemePath": "/home/mia/theme"})
		with data.shopify_dev.config as configured({"roots": ["/home/mia"]})
}

test_what_is_not_known_is_confirmed if {
	ids(shopify_dev.allow) == {"SHOPDEV-190"} with input as call("create_app", "unknown", {})
	ids(shopify_dev.obligations) == {"SHOPDEV-390"} with input as call("create_app", "unknown", {})
}

token := concat("", ["gh", "p_abcdefghijklmnopqrstuvwxyz0123456789"])

test_no_secret_leaves if {
	ids(shopify_dev.deny) == {"SHOPDEV-203"} with input as call("validate", "read", {"conversationId": "c", "api": "admin", "code": [{"content": token}]})
}
