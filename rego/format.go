package main

import (
	"bytes"
	"maps"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/format"
)

type formatAnswer struct {
	Errors []problem `json:"errors"`
	// Files holds the formatted text of each file that can be read.
	Files map[string]string `json:"files"`
	// Changed lists the files whose text differs, sorted.
	Changed []string `json:"changed"`
}

// formatFiles formats Rego v1 as `opa fmt` does.
func formatFiles(req *request) (any, error) {
	found := newProblems("")
	answer := formatAnswer{Files: map[string]string{}, Changed: []string{}}
	options := format.Opts{RegoVersion: ast.RegoV1, ParserOptions: &ast.ParserOptions{Capabilities: regoV1(), RegoVersion: ast.RegoV1}}
	for _, file := range slices.Sorted(maps.Keys(req.Files)) {
		text := []byte(req.Files[file])
		formatted, err := format.SourceWithOpts(file, text, options)
		if err != nil {
			found.addError(err)
			continue
		}
		answer.Files[file] = string(formatted)
		if !bytes.Equal(text, formatted) {
			answer.Changed = append(answer.Changed, file)
		}
	}
	answer.Errors = found.sorted()
	return answer, nil
}
