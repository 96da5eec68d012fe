# METADATA
# title: Secrets
# description: |
#   Keys and tokens that can be told by their form: private keys, and the tokens of services that mark them as theirs. What is
#   not marked, such as a password, is not found. Of a text only the first 20,000 characters are looked at; limit the length where
#   that matters.
package gateway.v1.secrets

max_characters := 20000

# METADATA
# description: Whether a text holds what looks like a key or a token.
default in_text(_) := false

in_text(text) if {
	is_string(text)
	regex.match(form, substring(text, 0, max_characters))
}

# METADATA
# description: Whether one of the texts anywhere in a value holds what looks like a key or a token.
default in_value(_) := false

in_value(value) if {
	walk(value, [_, text])
	in_text(text)
}

form := concat("|", [
	`-----BEGIN [A-Z ]{0,20}PRIVATE KEY`,
	`\bA[KS]IA[0-9A-Z]{16}\b`,
	`\bgh[pousr]_[A-Za-z0-9]{36}`,
	`\bgithub_pat_[A-Za-z0-9_]{22}`,
	`\bglpat-[A-Za-z0-9_-]{20}`,
	`\bxox[abeoprs]-[A-Za-z0-9-]{10}`,
	`\bsk-[A-Za-z0-9_-]{20}`,
	`\b[rs]k_live_[A-Za-z0-9]{16}`,
	`\bAIza[A-Za-z0-9_-]{35}`,
	`\bnpm_[A-Za-z0-9]{36}`,
	`\bntn_[A-Za-z0-9]{40}`,
	`\bsntry[su]_[A-Za-z0-9]{20}`,
	`\beyJ[A-Za-z0-9_-]{10,300}\.eyJ[A-Za-z0-9_-]{10}`,
])
