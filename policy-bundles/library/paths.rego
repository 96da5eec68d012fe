# METADATA
# title: Paths
# description: |
#   Paths of files as they reach a tool, brought into one form before they are compared. `a/../b`, `a//b`, `./b`, `a\b` and
#   `%61/b` are other spellings of paths that a rule names; compared as text they slip past it.
#
#   What cannot be brought into that form has none: it climbs above its start (`../x`), begins with `~`, holds control characters,
#   is encoded more than twice, or is longer than 4096 characters (1024 when it is encoded). `canonical` is then undefined and `is_safe`, `within`,
#   `matches` are false. A rule that denies *named* paths therefore also denies what is not safe.
#
#   Not known here: symbolic links, and whether the file system tells upper case from lower case.
package gateway.v1.paths

max_characters := 4096

max_characters_to_decode := 1024

# Only a path with `..` needs more than linear work.
max_segments_to_resolve := 128

# METADATA
# description: The path without `.`, `..`, empty segments, backslashes and percent-encoding; undefined where there is none.
canonical(path) := concat("", [leading_slash(decoded), concat("/", resolved(segments))]) if {
	is_string(path)
	count(path) <= max_characters
	not startswith(path, "~")
	decoded := replace(decode(decode(path)), `\`, "/")
	not regex.match(`[\x00-\x1f\x7f]|%[0-7][0-9A-Fa-f]|%[Cc][01]`, decoded)
	segments := [segment | some segment in split(decoded, "/"); not segment in {"", "."}]
}

# METADATA
# description: Whether the path has a canonical form.
default is_safe(_) := false

is_safe(path) if canonical(path)

# METADATA
# description: |
#   Whether the path is the root or lies below it. Both are absolute or both are relative; a relative path is never within an
#   absolute root, because nobody here knows what it is relative to.
default within(_, _) := false

within(root, path) if {
	outer := canonical(root)
	inner := canonical(path)
	holds(outer, inner)
}

# METADATA
# description: |
#   The path as seen from the root of something that has its own root, such as a repository: canonical, without a leading slash.
inside(path) := trim_left(canonical(path), "/")

# METADATA
# description: |
#   Whether a path inside a root matches a glob. `*` stays within a segment, `**` does not.
default matches(_, _) := false

matches(pattern, path) if glob.match(pattern, ["/"], inside(path))

# METADATA
# description: Whether a path inside a root matches one of several globs.
default matches_any(_, _) := false

matches_any(patterns, path) if {
	inner := inside(path)
	some pattern in patterns
	glob.match(pattern, ["/"], inner)
}

leading_slash(decoded) := "/" if startswith(decoded, "/")

leading_slash(decoded) := "" if not startswith(decoded, "/")

# The relative root "" and the absolute root "/" hold everything of their kind.
holds(outer, inner) if inner == outer

holds("", inner) if not startswith(inner, "/")

holds("/", inner) if startswith(inner, "/")

holds(outer, inner) if {
	outer != ""
	startswith(inner, concat("", [outer, "/"]))
}

# `..` removes the segment before it. After each segment the path has a height; a segment stays when no later height falls
# below its own, and a height below zero climbs out.
resolved(segments) := segments if not ".." in segments

resolved(segments) := [segment |
	some i, segment in segments
	segment != ".."
	min(array.slice(heights, i, count(heights))) == heights[i]
] if {
	".." in segments
	count(segments) <= max_segments_to_resolve
	steps := [step(segment) | some segment in segments]
	heights := [sum(array.slice(steps, 0, i + 1)) | some i, _ in steps]
	min(heights) >= 0
}

step(segment) := -1 if segment == ".."

step(segment) := 1 if segment != ".."

# Printable ASCII, in order of its codes from 32 on.
printable := " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~"

# One round of percent-decoding of printable ASCII; everything else stays encoded.
decode(text) := text if not contains(text, "%")

decode(text) := concat("", array.concat([parts[0]], [decoded_part(part) | some i, part in parts; i > 0])) if {
	contains(text, "%")
	count(text) <= max_characters_to_decode
	parts := split(text, "%")
}

decoded_part(part) := concat("", [substring(printable, code - 32, 1), substring(part, 2, -1)]) if {
	code := (digits[substring(part, 0, 1)] * 16) + digits[substring(part, 1, 1)]
	code >= 32
	code <= 126
} else := concat("", ["%", part])

digits := {
	"0": 0, "1": 1, "2": 2, "3": 3, "4": 4, "5": 5, "6": 6, "7": 7, "8": 8, "9": 9,
	"a": 10, "b": 11, "c": 12, "d": 13, "e": 14, "f": 15,
	"A": 10, "B": 11, "C": 12, "D": 13, "E": 14, "F": 15,
}
