package starter_workflow_test

import data.gateway.v1.inputs
import data.starter_workflow

after_calls(calls) := object.union(inputs.total, {"context": {"calls_in_a_row": calls}})

claims(counted, claimed) := object.union(inputs.total, {
	"context": {"turn_count": counted},
	"claims": {"present": ["turn_count"], "turn_count": claimed},
})

ids(elements) := {element.id | some element in elements}

test_ordinary_work_is_not_disturbed if {
	starter_workflow.obligations == set() with input as inputs.total
	starter_workflow.obligations == set() with input as after_calls(99)
	starter_workflow.obligations == set() with input as claims(5, 7)
}

test_many_calls_in_a_row_get_a_warning if {
	starter_workflow.obligations == {{
		"id": "STW-301", "type": "warn",
		"text": "These are 100 calls in a row; tell the user what was done so far.",
	}} with input as after_calls(100)
}

test_a_claim_below_the_count_gets_a_warning if {
	ids(starter_workflow.obligations) == {"STW-302"} with input as claims(7, 5)
	not_claimed := object.union(claims(7, 5), {"claims": {"present": []}})
	starter_workflow.obligations == set() with input as not_claimed
}

again(times) := object.union(inputs.total, {"context": {"identical_calls": times}})

test_the_same_call_again_and_again_gets_a_warning if {
	starter_workflow.obligations == set() with input as again(9)
	starter_workflow.obligations == {{
		"id": "STW-303", "type": "warn",
		"text": "This very call was made 10 times; change something, or tell the user what stands in the way.",
	}} with input as again(10)
}
