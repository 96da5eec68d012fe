# METADATA
# title: Messages on Slack
# description: |
#   What is posted is read by people at once, and cannot be called back.
package slack

import data.gateway.v1.secrets
import data.gateway.v1.tools
import data.slack.config

# METADATA
# title: Channels, people and messages are read
# custom:
#   id: SLACK-101
#   owner: mcp-gateway shelf
allow contains {"id": "SLACK-101", "reason": "reading"} if {
	is_known
	input.action.effect == "read"
}

# METADATA
# title: Messages and reactions are posted
# custom:
#   id: SLACK-102
#   owner: mcp-gateway shelf
allow contains {"id": "SLACK-102", "reason": "posting"} if {
	is_known
	input.action.effect == "write"
}

# METADATA
# title: Messages go to the channels that are open to agents
# custom:
#   id: SLACK-201
#   remediation: Post to one of {channels}.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "SLACK-201", "reason": "other_channel", "params": {"channels": concat(", ", config.channels)}} if {
	count(config.channels) > 0
	input.action.effect == "write"
	not input.action.args.channel_id in config.channels
}

# METADATA
# title: No secret is posted
# description: Everybody in the channel reads it, and so does every app that they installed.
# custom:
#   id: SLACK-202
#   remediation: Take the key or token out of the message.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "SLACK-202", "reason": "secret_in_message"} if secrets.in_text(input.action.args.text)

# METADATA
# title: A message calls nobody who was not meant
# custom:
#   id: SLACK-203
#   remediation: Write without calling the whole channel; name the person who is meant.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "SLACK-203", "reason": "calls_everybody"} if regex.match(`(?i)<!(?:channel|here|everyone|subteam)|(?:^|\s)@(?:channel|here|everyone)\b`, input.action.args.text)

# METADATA
# title: A message is only so long
# custom:
#   id: SLACK-204
#   remediation: Say it in at most {limit} characters.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "SLACK-204", "reason": "too_long", "params": {"limit": config.most_characters}} if count(input.action.args.text) > config.most_characters

# METADATA
# title: Channels that are closed to agents are not read
# custom:
#   id: SLACK-205
#   remediation: Read one of {channels}.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "SLACK-205", "reason": "closed_channel", "params": {"channels": concat(", ", config.readable_channels)}} if {
	count(config.readable_channels) > 0
	input.action.effect == "read"
	channel := input.action.args.channel_id
	not channel in config.readable_channels
}

# METADATA
# title: Direct messages stay between those who wrote them
# custom:
#   id: SLACK-206
#   remediation: Ask the user for what you need to know of it.
#   retry: never
#   owner: mcp-gateway shelf
deny contains {"id": "SLACK-206", "reason": "direct_message"} if {
	not config.allow_direct_messages
	input.action.effect == "read"
	channel := input.action.args.channel_id
	is_string(channel)
	startswith(channel, "D")
	not channel in config.readable_channels
}

# METADATA
# title: A message is posted in the name of your workspace
# custom:
#   id: SLACK-301
#   owner: mcp-gateway shelf
obligations contains {"id": "SLACK-301", "type": "require_approval", "by": "user", "remember": "session"} if {
	count(config.channels) == 0
	input.action.tool in {"slack_post_message", "slack_reply_to_thread"}
}

# METADATA
# title: A tool or an argument that this policy does not know is allowed, once its user has confirmed it
# description: A newer version of the server may bring both.
# custom:
#   id: SLACK-190
#   owner: mcp-gateway shelf
allow contains {"id": "SLACK-190", "reason": "not_known_here"} if not is_known

# METADATA
# title: This tool, or an argument of it, is newer than the policy; confirm it if you know what it does
# custom:
#   id: SLACK-390
#   owner: mcp-gateway shelf
obligations contains {"id": "SLACK-390", "type": "require_approval", "by": "user", "remember": "pin"} if not is_known

is_known if tools.knows(data.slack.tools, input.action)
