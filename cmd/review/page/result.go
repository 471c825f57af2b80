// Package page says what a review has found: as one Markdown page, and as JSON.
package page

import (
	"cmp"
	"encoding/json"
	"io"
	"maps"
	"slices"
	"strings"

	"unishop-pilot-light/cmd/review/checkout"
	"unishop-pilot-light/cmd/review/rules"
)

// Result is all that a review has found.
type Result struct {
	Base     Side      `json:"base"`
	Head     Side      `json:"head"`
	Verdict  string    `json:"verdict"` // nothing, notes, moves or blocks
	Findings []Finding `json:"findings"`
	// Equal are the stacks and modes in which nothing differs.
	Equal map[string][]string `json:"equal"`
	// Accepted says who let blocking findings through; Idle are accepted ids that block nothing.
	AcceptedBy string   `json:"acceptedBy,omitempty"`
	Idle       []string `json:"acceptedInVain,omitempty"`
	Diffs      []Diff   `json:"-"`
}

// Side is what was compared.
type Side struct {
	Ref         string `json:"ref"`
	Commit      string `json:"commit"`
	Failover    string `json:"failover"`    // that cdk.json has
	Uncommitted bool   `json:"uncommitted"` // with changes that are not committed
}

// Finding is what happens to one resource, or to another entry of a template.
type Finding struct {
	Grade    rules.Grade         `json:"grade"`
	ID       string              `json:"id"`
	Type     string              `json:"type"`
	Reasons  []rules.Reason      `json:"reasons"`
	Where    map[string][]string `json:"where"` // modes by stack
	Accepted bool                `json:"accepted"`
}

// Diff is the CDK CLI's own, of one stack in modes in which it is the same.
type Diff struct {
	Stack string
	Modes []string
	Text  string
}

// Add adds what was found in one stack and mode, to an equal finding of another if there is one.
func (r *Result) Add(stack, mode string, judged []rules.Judged) {
	for _, j := range judged {
		same := slices.IndexFunc(r.Findings, func(f Finding) bool {
			return f.ID == j.ID && f.Type == typeOf(j) && slices.Equal(f.Reasons, j.Reasons)
		})
		if same < 0 {
			same = len(r.Findings)
			r.Findings = append(r.Findings, Finding{Grade: j.Grade(), ID: j.ID, Type: typeOf(j), Reasons: j.Reasons, Where: map[string][]string{}})
		}
		r.Findings[same].Where[stack] = append(r.Findings[same].Where[stack], mode)
	}
}

// AddEqual adds a stack and mode in which nothing differs.
func (r *Result) AddEqual(stack, mode string) {
	if r.Equal == nil {
		r.Equal = map[string][]string{}
	}
	r.Equal[stack] = append(r.Equal[stack], mode)
}

// AddDiff adds what the CDK CLI prints of a stack in a mode.
func (r *Result) AddDiff(stack, mode, text string) {
	same := slices.IndexFunc(r.Diffs, func(d Diff) bool { return d.Stack == stack && d.Text == text })
	if same < 0 {
		same = len(r.Diffs)
		r.Diffs = append(r.Diffs, Diff{Stack: stack, Text: text})
	}
	r.Diffs[same].Modes = append(r.Diffs[same].Modes, mode)
}

func typeOf(j rules.Judged) string {
	if kind := j.Type(); kind != "" && j.Section == "Resources" {
		return kind
	}
	return j.Section
}

// Close sorts the findings, lets accepted ones through, and comes to the verdict.
func (r *Result) Close(accepted []string, by string) {
	slices.SortStableFunc(r.Findings, func(a, b Finding) int {
		return cmp.Or(int(b.Grade-a.Grade), cmp.Compare(a.Type, b.Type), cmp.Compare(a.ID, b.ID))
	})
	worst, used := rules.Grade(0), map[string]bool{}
	for i := range r.Findings {
		f := &r.Findings[i]
		grade := f.Grade
		if grade == rules.Blocks && slices.Contains(accepted, f.ID) {
			f.Accepted, used[f.ID], grade = true, true, rules.Moves
		}
		worst = max(worst, grade)
	}
	r.Verdict = worst.String()
	if len(used) > 0 {
		r.AcceptedBy = by
	}
	r.Idle = slices.DeleteFunc(slices.Clone(accepted), func(id string) bool { return used[id] })
}

// JSON writes everything but the CLI's diffs.
func (r *Result) JSON(to io.Writer) error {
	if r.Findings == nil {
		r.Findings = []Finding{}
	}
	encoder := json.NewEncoder(to)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(r)
}

// count of the findings with a grade that were not accepted.
func (r *Result) count(grade rules.Grade) (n int) {
	for _, f := range r.Findings {
		if f.Grade == grade && !f.Accepted {
			n++
		}
	}
	return n
}

// placed writes modes by stack: "unishop-primary: false, primary".
func placed(where map[string][]string) string {
	var said []string
	for _, stack := range slices.Sorted(maps.Keys(where)) {
		said = append(said, stack+": "+inWords(where[stack]))
	}
	return strings.Join(said, "; ")
}

func inWords(modes []string) string {
	left := slices.DeleteFunc(slices.Clone(modes), func(mode string) bool { return slices.Contains(checkout.Modes, mode) })
	if len(modes)-len(left) < len(checkout.Modes) {
		return strings.Join(modes, ", ")
	}
	return strings.Join(append([]string{"every mode"}, left...), ", ")
}
