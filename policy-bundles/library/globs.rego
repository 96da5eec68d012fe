# METADATA
# title: Globs
# description: |
#   Names (of tools, agents, branches) against patterns in which `*` stands for any text, separators included. For paths see
#   `gateway.v1.paths`.
package gateway.v1.globs

# METADATA
# description: Whether a name matches a pattern.
default matches(_, _) := false

matches(pattern, value) if {
	is_string(pattern)
	is_string(value)
	glob.match(pattern, null, value)
}

# METADATA
# description: Whether a name matches one of several patterns.
default matches_any(_, _) := false

matches_any(patterns, value) if {
	some pattern in patterns
	matches(pattern, value)
}
