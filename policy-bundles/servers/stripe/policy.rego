# METADATA
# title: Payments on Stripe
# description: |
#   What moves money is marked as not destructive by the server. Amounts are in the smallest unit of the currency.
package stripe

import data.gateway.v1.amounts
import data.gateway.v1.hosts
import data.gateway.v1.tools
import data.stripe.config

# METADATA
# title: Customers, prices and payments are read
# custom:
#   id: STRIPE-101
#   owner: mcp-gateway shelf
allow contains {"id": "STRIPE-101", "reason": "reading"} if {
	is_known
	input.action.effect == "read"
}

# METADATA
# title: Customers, prices and drafts of invoices are made
# custom:
#   id: STRIPE-102
#   owner: mcp-gateway shelf
allow contains {"id": "STRIPE-102", "reason": "drafting"} if {
	is_known
	input.action.effect == "write"
}

# METADATA
# title: Money moves
# custom:
#   id: STRIPE-103
#   owner: mcp-gateway shelf
allow contains {"id": "STRIPE-103", "reason": "moving_money"} if {
	is_known
	input.action.effect == "destroy"
}

# METADATA
# title: A refund says its amount, and that is at most the limit
# description: Without an amount everything is refunded.
# custom:
#   id: STRIPE-201
#   remediation: Refund at most {limit}, in the smallest unit of the currency, and say the amount.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "STRIPE-201", "reason": "refund_above_limit", "params": {"limit": config.refund_limit}} if {
	input.action.tool == "create_refund"
	not refund_is_small
}

# METADATA
# title: A coupon gives away only so much
# custom:
#   id: STRIPE-202
#   remediation: Give at most {percent} percent, or {amount} in the smallest unit of the currency.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "STRIPE-202", "reason": "discount_above_limit", "params": {"percent": config.discount_percent_limit, "amount": config.discount_limit}} if {
	input.action.tool == "create_coupon"
	not coupon_is_small
}

# METADATA
# title: Customers are sent to places of your own
# custom:
#   id: STRIPE-203
#   remediation: Leave redirect_url out, or name a host that the user has opened to agents.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "STRIPE-203", "reason": "other_host"} if {
	url := input.action.args.redirect_url
	not hosts.allowed(url, config.redirect_hosts)
}

# METADATA
# title: Evidence is submitted by people
# description: It can be submitted once, and not changed after that.
# custom:
#   id: STRIPE-204
#   remediation: Add the evidence without submit, and let the user submit it.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "STRIPE-204", "reason": "submits"} if {
	input.action.tool == "update_dispute"
	input.action.args.submit
}

# METADATA
# title: A subscription is paid for as agreed
# description: The customer would be charged at once.
# custom:
#   id: STRIPE-205
#   remediation: Choose create_prorations or none.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "STRIPE-205", "reason": "prorates"} if input.action.args.proration_behavior == "always_invoice"

# METADATA
# title: Money moves, or what customers pay changes
# description: Asked each time.
# custom:
#   id: STRIPE-301
#   owner: mcp-gateway shelf
obligations contains {"id": "STRIPE-301", "type": "require_approval", "by": "user", "remember": "never"} if input.action.effect == "destroy"

# METADATA
# title: A link is made with which customers pay
# custom:
#   id: STRIPE-302
#   owner: mcp-gateway shelf
obligations contains {"id": "STRIPE-302", "type": "require_approval", "by": "user", "remember": "session"} if input.action.tool == "create_payment_link"

refund_is_small if amounts.at_most(input.action.args.amount, config.refund_limit)

coupon_is_small if {
	amounts.at_most(object.get(input.action.args, "percent_off", 0), config.discount_percent_limit)
	amounts.at_most(object.get(input.action.args, "amount_off", 0), config.discount_limit)
}

# METADATA
# title: A tool or an argument that this policy does not know is allowed, once its user has confirmed it
# description: A newer version of the server may bring both.
# custom:
#   id: STRIPE-190
#   owner: mcp-gateway shelf
allow contains {"id": "STRIPE-190", "reason": "not_known_here"} if not is_known

# METADATA
# title: This tool, or an argument of it, is newer than the policy; confirm it if you know what it does
# custom:
#   id: STRIPE-390
#   owner: mcp-gateway shelf
obligations contains {"id": "STRIPE-390", "type": "require_approval", "by": "user", "remember": "pin"} if not is_known

is_known if tools.knows(data.stripe.tools, input.action)
