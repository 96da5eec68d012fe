package stripe_test

import data.gateway.v1.inputs
import data.stripe

ids(elements) := {element.id | some element in elements}

call(tool, effect, args) := inputs.tool_call("stripe", tool, effect, args)

configured(change) := object.union(data.stripe.config, change)

test_reading_and_drafting_are_allowed if {
	ids(stripe.allow) == {"STRIPE-101"} with input as call("list_customers", "read", {})
	stripe.deny == set() with input as call("list_customers", "read", {})
	stripe.obligations == set() with input as call("list_customers", "read", {})
	ids(stripe.allow) == {"STRIPE-102"} with input as call("create_invoice", "write", {"customer": "c"})
	stripe.deny == set() with input as call("create_invoice", "write", {"customer": "c"})
	stripe.obligations == set() with input as call("create_invoice", "write", {"customer": "c"})
}

test_refunds_are_small_and_confirmed if {
	ids(stripe.allow) == {"STRIPE-103"} with input as call("create_refund", "destroy", {"payment_intent": "p", "amount": 10000})
	stripe.deny == set() with input as call("create_refund", "destroy", {"payment_intent": "p", "amount": 10000})
	ids(stripe.obligations) == {"STRIPE-301"} with input as call("create_refund", "destroy", {"payment_intent": "p", "amount": 10000})
	ids(stripe.deny) == {"STRIPE-201"} with input as call("create_refund", "destroy", {"payment_intent": "p", "amount": 10001})
	ids(stripe.deny) == {"STRIPE-201"} with input as call("create_refund", "destroy", {"payment_intent": "p"})
	ids(stripe.deny) == {"STRIPE-201"} with input as call("create_refund", "destroy", {"payment_intent": "p", "amount": -1})
}

test_coupons_are_small if {
	ids(stripe.allow) == {"STRIPE-102"} with input as call("create_coupon", "write", {"name": "a", "amount_off": 0, "percent_off": 25})
	stripe.deny == set() with input as call("create_coupon", "write", {"name": "a", "amount_off": 0, "percent_off": 25})
	ids(stripe.deny) == {"STRIPE-202"} with input as call("create_coupon", "write", {"name": "a", "amount_off": 0, "percent_off": 100})
	ids(stripe.deny) == {"STRIPE-202"} with input as call("create_coupon", "write", {"name": "a", "amount_off": 5001})
}

test_customers_stay_with_you if {
	ids(stripe.deny) == {"STRIPE-203"} with input as call("create_payment_link", "write", {"price": "p", "quantity": 1, "redirect_url": "https://evil.example/"})
	ids(stripe.allow) == {"STRIPE-102"} with input as call("create_payment_link", "write", {"price": "p", "quantity": 1})
	stripe.deny == set() with input as call("create_payment_link", "write", {"price": "p", "quantity": 1})
	ids(stripe.obligations) == {"STRIPE-302"} with input as call("create_payment_link", "write", {"price": "p", "quantity": 1})
	stripe.deny == set() with input as call("create_payment_link", "write", {"price": "p", "quantity": 1, "redirect_url": "https://shop.northwind.example/"})
		with data.stripe.config as configured({"redirect_hosts": ["northwind.example"]})
}

test_people_submit_and_charge if {
	ids(stripe.deny) == {"STRIPE-204"} with input as call("update_dispute", "destroy", {"dispute": "d", "submit": true})
	stripe.deny == set() with input as call("update_dispute", "destroy", {"dispute": "d", "evidence": {}})
	ids(stripe.obligations) == {"STRIPE-301"} with input as call("update_dispute", "destroy", {"dispute": "d", "evidence": {}})
	ids(stripe.deny) == {"STRIPE-205"} with input as call("update_subscription", "destroy", {"subscription": "s", "proration_behavior": "always_invoice"})
}

test_what_is_not_known_is_confirmed if {
	ids(stripe.allow) == {"STRIPE-190"} with input as call("create_payout", "unknown", {})
	ids(stripe.obligations) == {"STRIPE-390"} with input as call("create_payout", "unknown", {})
}
