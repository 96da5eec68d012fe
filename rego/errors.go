package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// Codes of our own; OPA's start with "rego_".
const (
	codeRoot     = "bundle_root"
	codeTest     = "bundle_test"
	codeData     = "bundle_data"
	codeDataRef  = "bundle_data_reference"
	codeReserved = "bundle_reserved_name"
	codeRuleSet  = "bundle_rule_set"
	codeHide     = "bundle_hide_dependency"
	codeBuiltin  = "bundle_builtin"
	codeVersion  = "bundle_rego_version"
	codeSchema   = "input_schema"
)

// problem is one thing wrong with a bundle. Row and Column count from 1; they
// are 0 only where there is no place in a file, as for the bundle's root name.
type problem struct {
	Bundle  string `json:"bundle"`
	Code    string `json:"code"`
	Message string `json:"message"`
	File    string `json:"file"`
	Row     int    `json:"row"`
	Column  int    `json:"column"`
}

// problems collects what is wrong with one bundle.
type problems struct {
	bundle string
	list   []problem
}

func newProblems(bundle string) *problems {
	return &problems{bundle: bundle, list: []problem{}}
}

func (p *problems) add(code string, at *ast.Location, format string, args ...any) {
	found := problem{Bundle: p.bundle, Code: code, Message: fmt.Sprintf(format, args...)}
	if at != nil {
		// OPA has no place in a file that it finds empty.
		found.File, found.Row, found.Column = at.File, max(at.Row, 1), max(at.Col, 1)
	}
	p.list = append(p.list, found)
}

// addError takes apart what OPA answers: a list, one error, or a plain one.
func (p *problems) addError(err error) {
	var list ast.Errors
	var one *ast.Error
	switch {
	case err == nil:
	case errors.As(err, &list):
		for _, e := range list {
			p.addError(e)
		}
	case errors.As(err, &one):
		p.add(one.Code, one.Location, "%s", withDetails(one))
	default:
		p.add(ast.CompileErr, nil, "%s", err)
	}
}

// withDetails appends what OPA would print below the message, such as the
// expected and found types; for a parse error the position already says it.
func withDetails(e *ast.Error) string {
	message := e.Message
	if e.Details == nil || e.Code == ast.ParseErr {
		return message
	}
	for _, line := range e.Details.Lines() {
		message += "\n" + line
	}
	return message
}

func (p *problems) empty() bool { return len(p.list) == 0 }

// sorted answers the problems in the order of the files, so that a person can
// work through them and two runs print the same. OPA's parser says some things
// twice, the second time with more words; the first is left out.
func (p *problems) sorted() []problem {
	slices.SortFunc(p.list, func(a, b problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Row, b.Row),
			cmp.Compare(a.Column, b.Column), cmp.Compare(b.Message, a.Message))
	})
	return slices.CompactFunc(p.list, func(next, kept problem) bool {
		return kept.File == next.File && kept.Row == next.Row && kept.Column == next.Column && strings.HasPrefix(kept.Message, next.Message)
	})
}
