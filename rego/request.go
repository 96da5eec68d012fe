package main

import "encoding/json"

// request is the union of what the operations need. activate, check, test and
// inspect read Bundle; build and eval read Bundles; format reads Files.
type request struct {
	Op          string            `json:"op"`
	Bundle      *source           `json:"bundle"`
	Bundles     []*source         `json:"bundles"`
	Library     map[string]string `json:"library"`
	Files       map[string]string `json:"files"`
	InputSchema json.RawMessage   `json:"inputSchema"`
	// Builtins replaces the list of admitted host built-ins when it is given.
	Builtins []string `json:"builtins"`
	// Filter is a regular expression over test names.
	Filter string `json:"filter"`
	// Entrypoint is the id of the bundle that eval evaluates.
	Entrypoint string      `json:"entrypoint"`
	Inputs     []evalInput `json:"inputs"`
}

// source is one bundle as text: file paths to Rego, and its merged data
// document from the top (so its only member is the root).
type source struct {
	ID    string            `json:"id"`
	Root  string            `json:"root"`
	Files map[string]string `json:"files"`
	Data  map[string]any    `json:"data"`
}

type evalInput struct {
	Input any `json:"input"`
	// TimeNs freezes time.now_ns; text, because JavaScript's numbers end at 2^53.
	TimeNs string `json:"timeNs"`
}
