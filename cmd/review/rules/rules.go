// Package rules grades what a change would do to a deployed system. The CDK's diff library says what is updated, replaced or
// removed. The rules add what the library misses, and say what it means here.
package rules

import (
	"slices"
	"strings"

	"unishop-pilot-light/cmd/review/diff"
)

// Grade says how much a finding matters.
type Grade int

// The grades. Blocks: data would be lost or detached, a deployment would be refused, or an activation would change more
// than it may. Moves: the database or the instance moves, restarts or is replaced.
const (
	Notes Grade = iota + 1
	Moves
	Blocks
)

func (g Grade) String() string { return [...]string{"nothing", "notes", "moves", "blocks"}[g] }

// MarshalText writes a grade as its word.
func (g Grade) MarshalText() ([]byte, error) { return []byte(g.String()), nil }

// Rule says what a change means when its condition holds.
type Rule struct {
	Name  string
	Grade Grade
	When  condition
	Says  string // {} is what the condition found
	// Source: a page of AWS's, or a file of this repository.
	Source string
}

// Reason is a rule that applies to a change.
type Reason struct {
	Rule   string `json:"rule"`
	Grade  Grade  `json:"grade"`
	Says   string `json:"says"`
	Source string `json:"source"`
}

// Judged is a change with all that it means, the worst first.
type Judged struct {
	diff.Change
	Reasons []Reason
}

// Grade is the worst of the reasons.
func (j Judged) Grade() Grade { return j.Reasons[0].Grade }

// Judge grades the changes of one template.
func Judge(changes []diff.Change) (judged []Judged) {
	for _, c := range changes {
		reasons := reasonsOf(Table, view{c, changes})
		if len(reasons) == 0 {
			reasons = reasonsOf(Otherwise, view{c, changes})[:1]
		}
		judged = append(judged, Judged{c, reasons})
	}
	return judged
}

func reasonsOf(table []Rule, v view) (reasons []Reason) {
	for _, rule := range table {
		if detail, holds := rule.When(v); holds {
			reasons = append(reasons, Reason{rule.Name, rule.Grade, strings.ReplaceAll(rule.Says, "{}", detail), rule.Source})
		}
	}
	slices.SortStableFunc(reasons, func(a, b Reason) int { return int(b.Grade - a.Grade) })
	return reasons
}
