# METADATA
# title: Effects
# description: |
#   What a tool does to the world, as `input.action.effect` says it: `read`, `write`, `destroy`, or `unknown` where nobody has
#   said. What is unknown counts as the worst.
package gateway.v1.effects

severity := {"read": 0, "write": 1, "destroy": 2, "unknown": 3}

# METADATA
# description: Whether a tool with this effect may change something.
default changes(_) := true

changes(effect) := false if effect == "read"

# METADATA
# description: Whether an effect is no worse than another.
default at_most(_, _) := false

at_most(effect, limit) if severity[effect] <= severity[limit]
