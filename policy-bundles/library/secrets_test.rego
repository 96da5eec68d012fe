package library_test

import data.gateway.v1.secrets

# Put together here, so that nobody who looks for lost keys finds one.
texts_with_secrets := {
	concat("", ["-----BEGIN RSA PRIVATE", " KEY-----\nMIIE"]),
	concat("", ["key=AK", "IAABCDEFGHIJKLMNOP"]),
	concat("", ["token gh", "p_abcdefghijklmnopqrstuvwxyz0123456789"]),
	concat("", ["https://x.example/?t=xo", "xb-1234567890-abc"]),
	concat("", ["s", "k_live_abcdefghijklmnop"]),
	concat("", ["ey", "JhbGciOiJIUzI1NiJ9.ey", "JzdWIiOiIxMjM0NTY3ODkwIn0.x"]),
}

test_marked_keys_and_tokens_are_found if {
	every text in texts_with_secrets {
		secrets.in_text(text)
		secrets.in_value({"a": [1, {"b": text}]})
	}
}

test_other_texts_are_no_secrets if {
	every text in {"", "sk-1", "AKIA", "the private key is in the safe", "task-force-of-many-people-in-berlin"} {
		not secrets.in_text(text)
		not secrets.in_value([text, 1, null])
	}
	not secrets.in_text(1)
}
