package main

import "slices"

// activation is what decides whether a bundle may be put in force. There is no
// time and nothing else in it that differs from run to run.
type activation struct {
	Errors     []problem   `json:"errors"`
	Inspection *inspection `json:"inspection,omitempty"`
	// FailedTests are those that did not pass, left out ones aside.
	FailedTests []failedTest `json:"failedTests"`
}

type failedTest struct {
	Name  string   `json:"name"`
	Error *problem `json:"error,omitempty"`
	place
}

// activate is check, inspect and test in one: the bundle is compiled once for
// all three, and its tests run without coverage.
func activate(req *request) (any, error) {
	if req.Bundle == nil {
		return nil, errNoBundle
	}
	found := newProblems(req.Bundle.ID)
	answer := activation{Errors: []problem{}, FailedTests: []failedTest{}}
	bundle := checkBundle(req, req.Bundle, found)
	if bundle == nil {
		answer.Errors = found.sorted()
		return answer, nil
	}
	inspected := inspectChecked(bundle)
	answer.Inspection = &inspected
	tests, err := runTests(bundle, "", nil)
	if err != nil {
		return nil, err
	}
	for _, test := range tests {
		if slices.Contains([]string{"fail", "error"}, test.Outcome) {
			answer.FailedTests = append(answer.FailedTests, failedTest{Name: test.Name, Error: test.Error, place: test.place})
		}
	}
	return answer, nil
}
