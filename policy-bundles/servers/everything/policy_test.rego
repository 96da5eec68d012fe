package everything_test

import data.everything
import data.gateway.v1.inputs

ids(elements) := {element.id | some element in elements}

call(tool, effect, args) := inputs.tool_call("everything", tool, effect, args)

configured(change) := object.union(data.everything.config, change)

test_the_tests_run if {
	ids(everything.allow) == {"EVERY-101"} with input as call("echo", "read", {"message": "a"})
	everything.deny == set() with input as call("echo", "read", {"message": "a"})
	everything.obligations == set() with input as call("echo", "read", {"message": "a"})
	ids(everything.allow) == {"EVERY-101"} with input as call("trigger-sampling-request", "write", {"prompt": "a"})
	everything.deny == set() with input as call("trigger-sampling-request", "write", {"prompt": "a"})
}

test_the_environment_is_not_read if {
	ids(everything.deny) == {"EVERY-201"} with input as call("get-env", "read", {})
}

test_what_is_fetched_is_public if {
	ids(everything.deny) == {"EVERY-202"} with input as call("gzip-file-as-resource", "write", {"data": "http://169.254.169.254/latest/meta-data"})
	ids(everything.deny) == {"EVERY-202"} with input as call("gzip-file-as-resource", "write", {"data": "file:///etc/passwd"})
	everything.deny == set() with input as call("gzip-file-as-resource", "write", {"data": "https://example.com/a"})
	everything.deny == set() with input as call("gzip-file-as-resource", "write", {"data": "data:text/plain,a"})
	everything.deny == set() with input as call("gzip-file-as-resource", "write", {})
	ids(everything.deny) == {"EVERY-202"} with input as call("gzip-file-as-resource", "write", {"data": "https://example.com/a"})
		with data.everything.config as configured({"hosts": ["northwind.example"]})
	everything.deny == set() with input as call("gzip-file-as-resource", "write", {"data": "https://files.northwind.example/a"})
		with data.everything.config as configured({"hosts": ["northwind.example"]})
}

test_an_operation_ends if {
	ids(everything.deny) == {"EVERY-203"} with input as call("trigger-long-running-operation", "read", {"duration": 61})
	everything.deny == set() with input as call("trigger-long-running-operation", "read", {"duration": 60, "steps": 5})
}

test_what_is_not_known_is_confirmed if {
	ids(everything.allow) == {"EVERY-190"} with input as call("launch", "unknown", {})
	ids(everything.obligations) == {"EVERY-390"} with input as call("launch", "unknown", {})
}
