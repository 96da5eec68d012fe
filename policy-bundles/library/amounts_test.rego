package library_test

import data.gateway.v1.amounts

not_amounts := [null, "5", "", true, false, [5], {"amount": 5}, {5}, -1]

test_numbers_are_compared if {
	amounts.at_most(5, 5)
	amounts.at_most(0, 5)
	amounts.at_most(4.99, 5)
	not amounts.at_most(5.01, 5)
	amounts.at_least(5, 5)
	not amounts.at_least(4.99, 5)
}

test_nothing_but_a_number_is_an_amount if {
	every value in not_amounts {
		not amounts.is_amount(value)
		not amounts.at_most(value, 100)
		not amounts.at_least(value, 0)
		not amounts.at_most(1, value)
		not amounts.at_least(1, value)
	}
}
