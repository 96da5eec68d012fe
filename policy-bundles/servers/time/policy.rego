# METADATA
# title: The time of day
# description: |
#   Both tools calculate, and reach nothing.
package time_server

import data.gateway.v1.tools

# METADATA
# title: Times are read and converted
# custom:
#   id: TIME-101
#   owner: mcp-gateway shelf
allow contains {"id": "TIME-101", "reason": "reading"} if is_known

# METADATA
# title: A tool or an argument that this policy does not know is allowed, once its user has confirmed it
# description: A newer version of the server may bring both.
# custom:
#   id: TIME-190
#   owner: mcp-gateway shelf
allow contains {"id": "TIME-190", "reason": "not_known_here"} if not is_known

# METADATA
# title: This tool, or an argument of it, is newer than the policy; confirm it if you know what it does
# custom:
#   id: TIME-390
#   owner: mcp-gateway shelf
obligations contains {"id": "TIME-390", "type": "require_approval", "by": "user", "remember": "pin"} if not is_known

is_known if tools.knows(data.time_server.tools, input.action)
