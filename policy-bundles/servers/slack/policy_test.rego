package slack_test

import data.gateway.v1.inputs
import data.slack

ids(elements) := {element.id | some element in elements}

call(tool, effect, args) := inputs.tool_call("slack", tool, effect, args)

configured(change) := object.union(data.slack.config, change)

test_reading_is_allowed if {
	ids(slack.allow) == {"SLACK-101"} with input as call("slack_list_channels", "read", {})
	slack.deny == set() with input as call("slack_list_channels", "read", {})
	slack.obligations == set() with input as call("slack_list_channels", "read", {})
	ids(slack.allow) == {"SLACK-101"} with input as call("slack_get_channel_history", "read", {"channel_id": "C1"})
	slack.deny == set() with input as call("slack_get_channel_history", "read", {"channel_id": "C1"})
}

test_posting_is_confirmed_until_channels_are_named if {
	ids(slack.allow) == {"SLACK-102"} with input as call("slack_post_message", "write", {"channel_id": "C1", "text": "Done."})
	slack.deny == set() with input as call("slack_post_message", "write", {"channel_id": "C1", "text": "Done."})
	ids(slack.obligations) == {"SLACK-301"} with input as call("slack_post_message", "write", {"channel_id": "C1", "text": "Done."})
	ids(slack.allow) == {"SLACK-102"} with input as call("slack_post_message", "write", {"channel_id": "C1", "text": "Done."})
		with data.slack.config as configured({"channels": ["C1"]})
	slack.deny == set() with input as call("slack_post_message", "write", {"channel_id": "C1", "text": "Done."})
		with data.slack.config as configured({"channels": ["C1"]})
	slack.obligations == set() with input as call("slack_post_message", "write", {"channel_id": "C1", "text": "Done."})
		with data.slack.config as configured({"channels": ["C1"]})
	ids(slack.deny) == {"SLACK-201"} with input as call("slack_post_message", "write", {"channel_id": "C2", "text": "Done."})
		with data.slack.config as configured({"channels": ["C1"]})
	ids(slack.allow) == {"SLACK-102"} with input as call("slack_add_reaction", "write", {"channel_id": "C1", "timestamp": "1", "reaction": "eyes"})
	slack.obligations == set() with input as call("slack_add_reaction", "write", {"channel_id": "C1", "timestamp": "1", "reaction": "eyes"})
}

test_nobody_else_is_called if {
	ids(slack.deny) == {"SLACK-203"} with input as call("slack_post_message", "write", {"channel_id": "C1", "text": "<!channel> look"})
	ids(slack.deny) == {"SLACK-203"} with input as call("slack_post_message", "write", {"channel_id": "C1", "text": "look, @here"})
	slack.deny == set() with input as call("slack_post_message", "write", {"channel_id": "C1", "text": "mia@here.example"})
}

test_a_message_is_only_so_long if {
	ids(slack.deny) == {"SLACK-204"} with input as call("slack_post_message", "write", {"channel_id": "C1", "text": "Done."})
		with data.slack.config as configured({"most_characters": 3})
}

test_closed_channels_are_not_read if {
	ids(slack.deny) == {"SLACK-205"} with input as call("slack_get_channel_history", "read", {"channel_id": "C2"})
		with data.slack.config as configured({"readable_channels": ["C1"]})
	ids(slack.deny) == {"SLACK-206"} with input as call("slack_get_thread_replies", "read", {"channel_id": "D1", "thread_ts": "1"})
	slack.deny == set() with input as call("slack_get_thread_replies", "read", {"channel_id": "D1", "thread_ts": "1"})
		with data.slack.config as configured({"allow_direct_messages": true})
}

test_what_is_not_known_is_confirmed if {
	ids(slack.allow) == {"SLACK-190"} with input as call("slack_delete_message", "unknown", {})
	ids(slack.obligations) == {"SLACK-390"} with input as call("slack_delete_message", "unknown", {})
}

test_no_secret_is_posted if {
	message := {"channel_id": "C1", "text": concat("", ["xo", "xb-1234567890-abcdef"])}
	ids(slack.deny) == {"SLACK-202"} with input as call("slack_post_message", "write", message)
}
