package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/open-policy-agent/opa/v1/topdown"
)

type evalAnswer struct {
	Errors []problem `json:"errors"`
	// Results has one entry for each input, in their order.
	Results []evalResult `json:"results"`
}

// evalResult holds the decision's value, an error, or neither when undefined.
type evalResult struct {
	Value json.RawMessage `json:"value,omitempty"`
	Error *problem        `json:"error,omitempty"`
}

// eval answers what OPA's interpreter makes of the very modules that build
// turns into WebAssembly. A built-in that fails is an error, as it is in the
// gateway's runtime.
func eval(req *request) (any, error) {
	answer := evalAnswer{Errors: []problem{}, Results: []evalResult{}}
	bundles, err := checkAll(req, &answer.Errors)
	if err != nil || len(answer.Errors) > 0 {
		return answer, err
	}
	query, err := prepare(req.Entrypoint, bundles)
	if err != nil {
		return nil, err
	}
	for _, input := range req.Inputs {
		result, err := evalOne(query, input)
		if err != nil {
			return nil, err
		}
		answer.Results = append(answer.Results, result)
	}
	return answer, nil
}

func prepare(entrypoint string, bundles []*checked) (*rego.PreparedEvalQuery, error) {
	linked, err := link(bundles)
	if err != nil {
		return nil, err
	}
	modules := map[string]*ast.Module{}
	for _, module := range linked.Modules {
		modules[module.URL] = module.Parsed
	}
	compiler := ast.NewCompiler().WithCapabilities(regoV1())
	if compiler.Compile(modules); compiler.Failed() {
		return nil, fmt.Errorf("linking failed: %w", compiler.Errors)
	}
	for _, bundle := range bundles {
		if bundle.ID != entrypoint {
			continue
		}
		query := fmt.Sprintf("data.%s[%q].%s.%s", linkPrefix, bundle.ID, bundle.Root, entrypointRule)
		prepared, err := rego.New(rego.Query(query), rego.Compiler(compiler), rego.StrictBuiltinErrors(true),
			rego.Store(inmem.NewFromObject(linkedData(bundles)))).PrepareForEval(context.Background())
		return &prepared, err
	}
	return nil, fmt.Errorf("there is no bundle %q to evaluate", entrypoint)
}

func evalOne(query *rego.PreparedEvalQuery, input evalInput) (evalResult, error) {
	options := []rego.EvalOption{rego.EvalInput(input.Input)}
	if input.TimeNs != "" {
		nanoseconds, err := strconv.ParseInt(input.TimeNs, 10, 64)
		if err != nil {
			return evalResult{}, fmt.Errorf("timeNs: %w", err)
		}
		options = append(options, rego.EvalTime(time.Unix(0, nanoseconds)))
	}
	results, err := query.Eval(context.Background(), options...)
	if err != nil {
		failed := problemOf(err)
		return evalResult{Error: &failed}, nil
	}
	if len(results) == 0 {
		return evalResult{}, nil
	}
	value, err := json.Marshal(results[0].Expressions[0].Value)
	return evalResult{Value: value}, err
}

// problemOf keeps the place of an error that the interpreter raised.
func problemOf(err error) problem {
	var raised *topdown.Error
	if errors.As(err, &raised) {
		at := placeOf(raised.Location)
		return problem{Code: raised.Code, Message: raised.Message, File: at.File, Row: at.Row, Column: at.Column}
	}
	return problem{Code: topdown.InternalErr, Message: err.Error()}
}
