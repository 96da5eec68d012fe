package fetch_test

import data.fetch
import data.gateway.v1.inputs

ids(elements) := {element.id | some element in elements}

call(tool, effect, args) := inputs.tool_call("fetch", tool, effect, args)

configured(change) := object.union(data.fetch.config, change)

test_pages_are_fetched if {
	ids(fetch.allow) == {"FETCH-101"} with input as call("fetch", "read", {"url": "https://example.com/a?b=c"})
	fetch.deny == set() with input as call("fetch", "read", {"url": "https://example.com/a?b=c"})
	fetch.obligations == set() with input as call("fetch", "read", {"url": "https://example.com/a?b=c"})
}

test_an_address_leads_out if {
	ids(fetch.deny) == {"FETCH-201"} with input as call("fetch", "read", {"url": "http://localhost:8080/"})
	ids(fetch.deny) == {"FETCH-201"} with input as call("fetch", "read", {"url": "http://169.254.169.254/latest/meta-data/"})
	ids(fetch.deny) == {"FETCH-201"} with input as call("fetch", "read", {"url": "file:///etc/passwd"})
	ids(fetch.deny) == {"FETCH-201"} with input as call("fetch", "read", {"url": "https://example.com@10.0.0.1/"})
	fetch.deny == set() with input as call("fetch", "read", {"url": "http://wiki.internal/"})
		with data.fetch.config as configured({"hosts": ["wiki.internal"]})
}

test_pages_come_from_open_hosts if {
	ids(fetch.deny) == {"FETCH-202"} with input as call("fetch", "read", {"url": "https://example.com/"})
		with data.fetch.config as configured({"hosts": ["northwind.example"]})
	fetch.deny == set() with input as call("fetch", "read", {"url": "https://docs.northwind.example/"})
		with data.fetch.config as configured({"hosts": ["northwind.example"]})
}

test_an_address_is_only_so_long if {
	ids(fetch.deny) == {"FETCH-204"} with input as call("fetch", "read", {"url": "https://example.com/aaaaaaaaaa"})
		with data.fetch.config as configured({"most_characters": 20})
}

test_what_is_not_known_is_confirmed if {
	ids(fetch.allow) == {"FETCH-190"} with input as call("fetch", "read", {"url": "https://example.com/", "method": "POST"})
	ids(fetch.obligations) == {"FETCH-390"} with input as call("fetch", "read", {"url": "https://example.com/", "method": "POST"})
	ids(fetch.allow) == {"FETCH-190"} with input as call("post", "unknown", {})
	ids(fetch.obligations) == {"FETCH-390"} with input as call("post", "unknown", {})
}

test_no_secret_leaves if {
	url := concat("", ["https://example.com/?t=gh", "p_abcdefghijklmnopqrstuvwxyz0123456789"])
	ids(fetch.deny) == {"FETCH-203"} with input as call("fetch", "read", {"url": url})
}
