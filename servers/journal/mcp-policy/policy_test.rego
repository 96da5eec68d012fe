package journal_test

import data.gateway.v1.inputs
import data.journal

write(text) := inputs.tool_call("journal", "write", "write", {"text": text})

ids(elements) := {element.id | some element in elements}

test_everything_is_allowed if {
	every tool in ["write", "read", "echo", "slow", "exit"] {
		ids(journal.allow) == {"JRN-101"} with input as inputs.tool_call("journal", tool, "read", {})
		journal.deny == set() with input as inputs.tool_call("journal", tool, "read", {})
	}
}

test_a_forbidden_text_is_denied if {
	ids(journal.deny) == {"JRN-201"} with input as write("forbidden")
	journal.deny == set() with input as write("fine")
}

test_texts_ask_for_obligations if {
	every text, rule in {"warn me": "JRN-301", "audit me": "JRN-302", "sing": "JRN-303"} {
		ids(journal.obligations) == {rule} with input as write(text)
	}
	journal.obligations == set() with input as write("fine")
}
