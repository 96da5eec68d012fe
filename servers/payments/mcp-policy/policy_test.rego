package payments_test

import data.gateway.v1.inputs
import data.payments

refund(args) := inputs.tool_call("payments", "create_refund", "write", object.union({"charge_id": "ch_1001"}, args))

charge(args) := inputs.tool_call("payments", "create_charge", "write", object.union(
	{"customer": "cus_17", "amount": 500, "currency": "EUR"},
	args,
))

ids(elements) := {element.id | some element in elements}

test_reading_is_allowed if {
	call := inputs.tool_call("payments", "list_charges", "read", {})
	ids(payments.allow) == {"PAY-101"} with input as call
	payments.deny == set() with input as call
}

test_a_small_refund_is_allowed if {
	ids(payments.allow) == {"PAY-102"} with input as refund({"amount": 2500})
	payments.deny == set() with input as refund({"amount": 2500})
	payments.obligations == set() with input as refund({"amount": 2500})
}

test_a_refund_up_to_the_limit_is_confirmed_by_the_user_with_a_warning if {
	payments.deny == set() with input as refund({"amount": 10000})
	payments.obligations == {
		{
			"id": "PAY-301", "type": "warn",
			"text": "This refund is half or more of the limit of 10000 cents.",
		},
		{"id": "PAY-302", "type": "require_approval", "by": "user"},
	} with input as refund({"amount": 10000})
}

test_from_which_amount_on_a_refund_is_confirmed_can_be_configured if {
	ids(payments.obligations) == {"PAY-302"} with input as refund({"amount": 100})
		with data.payments.config.refund_confirmed_from as 100
}

test_a_refund_above_the_limit_is_denied if {
	payments.deny == {{
		"id": "PAY-201", "reason": "refund_above_limit",
		"params": {"amount": 10001, "limit": 10000},
	}} with input as refund({"amount": 10001})
}

test_the_limit_can_be_configured if {
	ids(payments.deny) == {"PAY-201"} with input as refund({"amount": 51}) with data.payments.config.refund_limit as 50
}

test_a_refund_names_its_amount if {
	ids(payments.deny) == {"PAY-202"} with input as refund({})
	every amount in [null, "5", true, -5] {
		ids(payments.deny) == {"PAY-202"} with input as refund({"amount": amount})
	}
}

test_a_charge_within_limits_is_allowed if {
	ids(payments.allow) == {"PAY-102"} with input as charge({})
	payments.deny == set() with input as charge({})
}

test_a_charge_above_the_limit_is_denied if {
	every amount in [100001, null, "5"] {
		ids(payments.deny) == {"PAY-203"} with input as charge({"amount": amount})
	}
}

test_an_unknown_currency_is_denied if {
	payments.deny == {{
		"id": "PAY-204", "reason": "currency_not_allowed",
		"params": {"currencies": "EUR, USD"},
	}} with input as charge({"currency": "GBP"})
	ids(payments.deny) == {"PAY-204"} with input as charge({"currency": null})
}
