package main

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/open-policy-agent/opa/v1/tester"
	"github.com/open-policy-agent/opa/v1/topdown"
)

type testAnswer struct {
	Errors   []problem    `json:"errors"`
	Tests    []testResult `json:"tests"`
	Coverage coverage     `json:"coverage"`
}

type testResult struct {
	Package string `json:"package"`
	Name    string `json:"name"`
	// Outcome is pass, fail, error or skip (a test whose name begins with todo_).
	Outcome    string   `json:"outcome"`
	Error      *problem `json:"error,omitempty"`
	DurationNs int64    `json:"durationNs"`
	// Output is what the test printed.
	Output string `json:"output"`
	// FailedCases names the parts of a test with several cases that failed.
	FailedCases []string `json:"failedCases"`
	place
}

// test runs the bundle's own tests in OPA's tester, with strict built-ins.
func test(req *request) (any, error) {
	if req.Bundle == nil {
		return nil, errNoBundle
	}
	found := newProblems(req.Bundle.ID)
	answer := testAnswer{Errors: []problem{}, Tests: []testResult{}, Coverage: newCoverage()}
	bundle := checkBundle(req, req.Bundle, found)
	if bundle == nil {
		answer.Errors = found.sorted()
		return answer, nil
	}
	tracer := newCoverTracer()
	tests, err := runTests(bundle, req.Filter, tracer)
	if err != nil {
		return nil, err
	}
	answer.Tests = tests
	answer.Coverage = tracer.report(bundle)
	return answer, nil
}

// runTests gives the runner the bundle's tests only: the library's are run by
// its own build. The tracer may be nil, which is faster.
func runTests(bundle *checked, filter string, tracer topdown.QueryTracer) ([]testResult, error) {
	ctx := context.Background()
	compiler := ast.NewCompiler().WithCapabilities(regoV1()).WithEnablePrintStatements(true)
	store := inmem.NewFromObject(bundle.Data)
	runner := tester.NewRunner().SetDefaultRegoVersion(ast.RegoV1).SetCompiler(compiler).SetStore(store).
		CapturePrintOutput(true).SetParallel(1).RaiseBuiltinErrors(true).Filter(filter).SetModules(bundle.withTests()).SetCoverageQueryTracer(tracer)
	var results []*tester.Result
	err := storage.Txn(ctx, store, storage.TransactionParams{}, func(txn storage.Transaction) error {
		channel, err := runner.RunTests(ctx, txn)
		if err != nil {
			return err
		}
		for result := range channel {
			results = append(results, result)
		}
		return nil
	})
	slices.SortStableFunc(results, func(a, b *tester.Result) int {
		return cmp.Or(cmp.Compare(a.Location.File, b.Location.File), cmp.Compare(a.Location.Row, b.Location.Row))
	})
	described := []testResult{}
	for _, result := range results {
		described = append(described, describeResult(result))
	}
	return described, err
}

func describeResult(result *tester.Result) testResult {
	described := testResult{Package: strings.TrimPrefix(result.Package, "data."), Name: result.Name, Outcome: "pass",
		DurationNs: result.Duration.Nanoseconds(), Output: string(result.Output), FailedCases: []string{}, place: placeOf(result.Location)}
	switch {
	case result.Error != nil:
		failed := problemOf(result.Error)
		described.Outcome, described.Error = "error", &failed
	case result.Skip:
		described.Outcome = "skip"
	case result.Fail:
		described.Outcome = "fail"
	}
	for path, sub := range result.SubResults.Iter {
		if sub.Fail {
			described.FailedCases = append(described.FailedCases, strings.Join(path, "/"))
		}
	}
	slices.Sort(described.FailedCases)
	return described
}
