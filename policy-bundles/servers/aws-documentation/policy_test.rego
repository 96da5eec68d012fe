package aws_documentation_test

import data.aws_documentation
import data.gateway.v1.inputs

ids(elements) := {element.id | some element in elements}

call(tool, effect, args) := inputs.tool_call("aws-documentation", tool, effect, args)

configured(change) := object.union(data.aws_documentation.config, change)

test_questions_are_asked if {
	ids(aws_documentation.allow) == {"AWSDOC-101"} with input as call("search_documentation", "read", {"search_phrase": "bucket policy"})
	aws_documentation.deny == set() with input as call("search_documentation", "read", {"search_phrase": "bucket policy"})
	aws_documentation.obligations == set() with input as call("search_documentation", "read", {"search_phrase": "bucket policy"})
}

test_a_question_is_only_so_long if {
	ids(aws_documentation.deny) == {"AWSDOC-202"} with input as call("search_documentation", "read", {"search_phrase": "bucket policy"})
		with data.aws_documentation.config as configured({"most_characters": 3})
}

test_pages_come_from_open_hosts if {
	aws_documentation.deny == set() with input as call("read_documentation", "read", {"url": "https://docs.aws.amazon.com/s3/a.html"})
	ids(aws_documentation.deny) == {"AWSDOC-203"} with input as call("read_documentation", "read", {"url": "https://docs.aws.amazon.com.evil.example/"})
	aws_documentation.deny == set() with input as call("read_documentation", "read", {"url": "https://example.com/"})
		with data.aws_documentation.config as configured({"hosts": []})
	ids(aws_documentation.deny) == {"AWSDOC-203"} with input as call("read_documentation", "read", {"url": "http://10.0.0.1/"})
		with data.aws_documentation.config as configured({"hosts": []})
}

test_only_so_many_answers if {
	ids(aws_documentation.deny) == {"AWSDOC-204"} with input as call("search_documentation", "read", {"search_phrase": "a", "limit": 51})
}

test_what_is_not_known_is_confirmed if {
	ids(aws_documentation.allow) == {"AWSDOC-190"} with input as call("call_aws", "unknown", {})
	ids(aws_documentation.obligations) == {"AWSDOC-390"} with input as call("call_aws", "unknown", {})
}

token := concat("", ["gh", "p_abcdefghijklmnopqrstuvwxyz0123456789"])

test_no_secret_leaves if {
	asked := object.union({"search_phrase": "bucket policy"}, {"search_phrase": token})
	ids(aws_documentation.deny) == {"AWSDOC-201"} with input as call("search_documentation", "read", asked)
}
