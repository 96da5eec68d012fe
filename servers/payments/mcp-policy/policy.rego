package payments

import data.gateway.v1.amounts
import data.payments.config

# METADATA
# title: Reading is allowed
# custom: {id: PAY-101}
allow contains {"id": "PAY-101", "reason": "reading"} if input.action.effect == "read"

# METADATA
# title: Charges and refunds are allowed within their limits
# custom: {id: PAY-102}
allow contains {"id": "PAY-102", "reason": "within_limits"} if input.action.tool in {"create_charge", "create_refund"}

# METADATA
# title: A refund is at most the limit
# custom:
#   id: PAY-201
#   remediation: Refund at most {limit} cents, or ask the payments team to refund {amount} cents.
#   remedy: refund_less
#   alternatives: [get_charge]
#   retry: with_changes
#   appeal_path: https://northwind.example/payments/refunds
#   owner: payments team
deny contains {
	"id": "PAY-201", "reason": "refund_above_limit",
	"params": {"amount": amount, "limit": config.refund_limit},
} if {
	input.action.tool == "create_refund"
	amount := input.action.args.amount
	amounts.is_amount(amount)
	not amounts.at_most(amount, config.refund_limit)
}

# METADATA
# title: A refund names its amount
# description: Without an amount everything that is left of the charge is given back, whatever that is.
# custom:
#   id: PAY-202
#   remediation: Name the amount in cents, at most {limit}.
#   remedy: name_the_amount
#   alternatives: [get_charge]
#   retry: with_changes
#   owner: payments team
deny contains {"id": "PAY-202", "reason": "refund_without_amount", "params": {"limit": config.refund_limit}} if {
	input.action.tool == "create_refund"
	not has_amount
}

# METADATA
# title: A charge is at most the limit
# custom:
#   id: PAY-203
#   remediation: Charge at most {limit} cents, or ask the payments team.
#   remedy: charge_less
#   retry: with_changes
#   owner: payments team
deny contains {"id": "PAY-203", "reason": "charge_above_limit", "params": {"limit": config.charge_limit}} if {
	input.action.tool == "create_charge"
	not is_charge_within_limit
}

# METADATA
# title: Only known currencies are charged
# custom:
#   id: PAY-204
#   remediation: Charge in one of {currencies}.
#   remedy: choose_another_currency
#   retry: with_changes
#   owner: payments team
deny contains {
	"id": "PAY-204", "reason": "currency_not_allowed",
	"params": {"currencies": concat(", ", config.currencies)},
} if {
	input.action.tool == "create_charge"
	not is_known_currency
}

# METADATA
# title: A refund of half the limit or more is pointed out
# custom: {id: PAY-301}
obligations contains {
	"id": "PAY-301", "type": "warn",
	"text": sprintf("This refund is half or more of the limit of %d cents.", [config.refund_limit]),
} if {
	input.action.tool == "create_refund"
	amounts.at_least(input.action.args.amount, config.refund_limit / 2)
}

# METADATA
# title: A refund of this size is confirmed by the user
# custom: {id: PAY-302}
obligations contains {"id": "PAY-302", "type": "require_approval", "by": "user"} if {
	input.action.tool == "create_refund"
	amounts.at_least(input.action.args.amount, config.refund_confirmed_from)
}

# Rules of their own: `not f(x)` says nothing where x is absent, `not rule` is then true.
has_amount if amounts.is_amount(input.action.args.amount)

is_charge_within_limit if amounts.at_most(input.action.args.amount, config.charge_limit)

is_known_currency if input.action.args.currency in config.currencies
