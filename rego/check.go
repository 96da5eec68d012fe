package main

import "errors"

var errNoBundle = errors.New("the request has no bundle")

type checkAnswer struct {
	Errors []problem `json:"errors"`
}

// check compiles one bundle strictly and holds it to the contract of bundles.
func check(req *request) (any, error) {
	if req.Bundle == nil {
		return nil, errNoBundle
	}
	found := newProblems(req.Bundle.ID)
	checkBundle(req, req.Bundle, found)
	return checkAnswer{Errors: found.sorted()}, nil
}
