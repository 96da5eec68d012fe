package main

import (
	"maps"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/cover"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// coverage says what of the bundle's policy (not of its tests) the tests made run.
type coverage struct {
	// Percent of the lines that can run.
	Percent float64                 `json:"percent"`
	Files   map[string]fileCoverage `json:"files"`
	Rules   []ruleCoverage          `json:"rules"`
}

type fileCoverage struct {
	Covered    []int `json:"covered"`
	NotCovered []int `json:"notCovered"`
}

// ruleCoverage says whether a rule has ever come true.
type ruleCoverage struct {
	Path  string   `json:"path"`
	IDs   []string `json:"ids"`
	Fired bool     `json:"fired"`
	place
}

func newCoverage() coverage {
	return coverage{Files: map[string]fileCoverage{}, Rules: []ruleCoverage{}}
}

// coverTracer is OPA's line coverage, plus which rules have come true: a line
// that holds a whole rule counts as covered before its last condition held.
type coverTracer struct {
	*cover.Cover
	fired map[place]bool
}

func newCoverTracer() *coverTracer {
	return &coverTracer{Cover: cover.New(), fired: map[place]bool{}}
}

// TraceEvent takes part in topdown.QueryTracer, as Cover's other methods do.
func (t *coverTracer) TraceEvent(event topdown.Event) {
	if rule, ok := event.Node.(*ast.Rule); ok && event.Op == topdown.ExitOp {
		t.fired[placeOf(rule.Location)] = true
	}
	t.Cover.TraceEvent(event)
}

// report covers the bundle's policy; the library where the bundle consists of
// tests alone, which is how the library is tested.
func (t *coverTracer) report(bundle *checked) coverage {
	subject := bundle.policy
	if len(subject) == 0 {
		subject = bundle.library
	}
	result := newCoverage()
	lines := t.Report(subject)
	covered, all := 0, 0
	for _, file := range slices.Sorted(maps.Keys(subject)) {
		rows := rowsOf(lines.Files[file])
		result.Files[file] = rows
		covered += len(rows.Covered)
		all += len(rows.Covered) + len(rows.NotCovered)
		for _, rule := range subject[file].Rules {
			at := placeOf(rule.Location)
			result.Rules = append(result.Rules, ruleCoverage{Path: dotted(rule.Ref()), IDs: idsOf(rule), Fired: t.fired[at], place: at})
		}
	}
	if all > 0 {
		result.Percent = 100 * float64(covered) / float64(all)
	}
	return result
}

// rowsOf turns ranges into rows; a row of which any part did not run is not covered.
func rowsOf(report *cover.FileReport) fileCoverage {
	rows := fileCoverage{Covered: []int{}, NotCovered: []int{}}
	if report == nil {
		return rows
	}
	missed := rowsIn(report.NotCovered)
	for row := range rowsIn(report.Covered) {
		if !missed[row] {
			rows.Covered = append(rows.Covered, row)
		}
	}
	rows.NotCovered = slices.AppendSeq(rows.NotCovered, maps.Keys(missed))
	slices.Sort(rows.Covered)
	slices.Sort(rows.NotCovered)
	return rows
}

func rowsIn(ranges []cover.Range) map[int]bool {
	rows := map[int]bool{}
	for _, span := range ranges {
		for row := span.Start.Row; row <= span.End.Row; row++ {
			rows[row] = true
		}
	}
	return rows
}

// idsOf answers the ids a rule is known by: what it emits, else its annotations'.
func idsOf(rule *ast.Rule) []string {
	if ruleSetOf(rule) != "" {
		if found := emittedIDs(rule); len(found.IDs) > 0 {
			return found.IDs
		}
	}
	return annotatedIDs(rule)
}
