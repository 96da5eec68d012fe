# METADATA
# title: Amounts
# description: |
#   Comparisons that are false for everything but numbers. Rego orders values of different types, null before numbers before
#   text, so `null <= 100` is true and a limit that only compares lets it through.
package gateway.v1.amounts

# METADATA
# description: Whether a value is a number that is not negative.
default is_amount(_) := false

is_amount(value) if {
	is_number(value)
	value >= 0
}

# METADATA
# description: Whether both are amounts and the first is not greater.
default at_most(_, _) := false

at_most(value, limit) if {
	is_amount(value)
	is_amount(limit)
	value <= limit
}

# METADATA
# description: Whether both are amounts and the first is not smaller.
default at_least(_, _) := false

at_least(value, limit) if {
	is_amount(value)
	is_amount(limit)
	value >= limit
}
