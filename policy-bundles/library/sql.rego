# METADATA
# title: SQL
# description: |
#   What a statement of SQL does, as far as its words say it. This is no parser: dialects differ, and what one reads as text the
#   other runs. So the functions only say yes where the words leave no doubt, and a rule allows what `reads`, rather than deny
#   what it fears.
#
#   Words in literals ('…') do not count, unless the text holds what dialects read differently: comments, backslashes, `$`,
#   brackets, backticks. Then every word counts. Quoted names ("…") always do.
#
#   Not known here: what functions, views and triggers do. Name the functions that must not be called, and let the server's
#   user of the database have few rights.
package gateway.v1.sql

max_characters := 20000

# METADATA
# description: Words of the text in lower case; undefined for what is no text or is too long.
words(text) := {lower(word) |
	some found in found_words(text)
	some word in array.slice(found, 1, 3)
	word != ""
} if {
	is_readable(text)
}

# METADATA
# description: The first word in lower case, behind opening brackets; undefined where there is none.
first_word(text) := lower(found[0][1]) if {
	is_string(text)
	found := regex.find_all_string_submatch_n(`^[\s(]*([A-Za-z_][A-Za-z0-9_]*)`, text, 1)
}

# METADATA
# description: Whether the text holds one statement. A semicolon is only at its end, literals included.
default is_single(_) := false

is_single(text) if {
	is_string(text)
	not contains(trim_right(text, " \t\r\n;"), ";")
}

# METADATA
# description: Whether the text is one statement that changes nothing, as far as its words say it.
default reads(_) := false

reads(text) if {
	is_single(text)
	first_word(text) in reading_words
	count(words(text) & writing_words) == 0
	not regex.match(`(?i)\bu&["']`, text)
}

# METADATA
# description: |
#   Whether one of the words of the text is one of these, or matches one that has a `*`; upper and lower case are the same. What
#   is no word, such as `a.b`, matches none.
default has_any(_, _) := false

# One regular expression over all words: to hold each word against each pattern takes more than a decision may.
has_any(text, patterns) if {
	forms := [replace(lower(pattern), "*", "[a-z0-9_]*") | some pattern in patterns; regex.match(`^[A-Za-z0-9_*]+$`, pattern)]
	count(forms) > 0
	regex.match(concat("", ["(?:^| )(?:", concat("|", forms), ")(?: |$)"]), concat(" ", words(text)))
}

reading_words := {"select", "with", "explain", "show", "describe", "desc", "values", "table", "summarize"}

writing_words := {
	"insert", "update", "delete", "merge", "into", "create", "drop", "alter", "truncate", "grant", "revoke", "execute",
	"refresh", "call", "copy", "attach", "detach", "vacuum", "outfile", "dumpfile",
}

found_words(text) := regex.find_all_string_submatch_n(`'(?:[^']|'')*'|"([^"]*)"|([A-Za-z_][A-Za-z0-9_]*)`, text, -1) if {
	not is_doubtful(text)
}

found_words(text) := regex.find_all_string_submatch_n(`([A-Za-z_][A-Za-z0-9_]*)()`, text, -1) if {
	is_doubtful(text)
}

is_readable(text) if {
	is_string(text)
	count(text) <= max_characters
}

is_doubtful(text) if regex.match("--|/\\*|[#\\\\$\\[`]", text)
