# METADATA
# title: How much and how long, as long as the organisation has said nothing
package starter_workflow

import data.starter_workflow.config

# METADATA
# title: An agent that works alone for long is told to report back
# custom: {id: STW-301}
obligations contains {
	"id": "STW-301", "type": "warn",
	"text": sprintf("These are %d calls in a row; tell the user what was done so far.", [input.context.calls_in_a_row]),
} if {
	input.context.calls_in_a_row >= config.calls_in_a_row
}

# METADATA
# title: A client that counts less than the gateway is pointed out
# custom: {id: STW-302}
obligations contains {
	"id": "STW-302", "type": "warn",
	"text": "The client says that the conversation is shorter than the gateway has counted.",
} if {
	"turn_count" in input.claims.present
	input.claims.turn_count < input.context.turn_count
}

# METADATA
# title: The same call again and again is pointed out
# custom: {id: STW-303}
obligations contains {
	"id": "STW-303", "type": "warn",
	"text": sprintf("This very call was made %d times; change something, or tell the user what stands in the way.", [input.context.identical_calls]),
} if {
	input.context.identical_calls >= config.identical_calls
}
