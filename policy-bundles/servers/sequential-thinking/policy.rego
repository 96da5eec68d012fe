# METADATA
# title: Thoughts, one after the other
# description: |
#   The tool keeps what it is told in memory, and reaches nothing.
package sequential_thinking

import data.gateway.v1.tools
import data.sequential_thinking.config

# METADATA
# title: Thoughts are noted
# custom:
#   id: THINK-101
#   owner: mcp-gateway shelf
allow contains {"id": "THINK-101", "reason": "thinking"} if is_known

# METADATA
# title: A thought is only so long
# custom:
#   id: THINK-201
#   remediation: Say it in at most {limit} characters, or in several thoughts.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "THINK-201", "reason": "too_long", "params": {"limit": config.most_characters}} if count(input.action.args.thought) > config.most_characters

# METADATA
# title: A tool or an argument that this policy does not know is allowed, once its user has confirmed it
# description: A newer version of the server may bring both.
# custom:
#   id: THINK-190
#   owner: mcp-gateway shelf
allow contains {"id": "THINK-190", "reason": "not_known_here"} if not is_known

# METADATA
# title: This tool, or an argument of it, is newer than the policy; confirm it if you know what it does
# custom:
#   id: THINK-390
#   owner: mcp-gateway shelf
obligations contains {"id": "THINK-390", "type": "require_approval", "by": "user", "remember": "pin"} if not is_known

is_known if tools.knows(data.sequential_thinking.tools, input.action)
