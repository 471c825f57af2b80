// Package judge compares what two commits deploy, in every mode, and grades what differs.
package judge

import (
	"context"
	"maps"
	"slices"
	"strings"

	"unishop-pilot-light/cmd/review/checkout"
	"unishop-pilot-light/cmd/review/diff"
	"unishop-pilot-light/cmd/review/page"
	"unishop-pilot-light/cmd/review/rules"
	"unishop-pilot-light/internal/activation"
)

// Side is what a commit deploys.
type Side struct {
	Assemblies map[string]checkout.Assembly // by mode
	Committed  string                       // the mode that cdk.json has
}

// Comparison of one stack: a mode with itself, or the modes that are committed, when these differ.
type Comparison struct {
	Stack, Label  string
	Before, After checkout.Assembly
}

// Compare adds all that differs to a result, and returns the comparisons in which something does. The diff library is that
// of node_modules in root.
func Compare(ctx context.Context, root string, base, head Side, to *page.Result) (different []Comparison, err error) {
	to.Base.Failover, to.Head.Failover = base.Committed, head.Committed
	all := comparisons(base, head)
	var pairs []diff.Pair
	for _, c := range all {
		pairs = append(pairs, diff.Pair{Before: c.Before.Templates[c.Stack], After: c.After.Templates[c.Stack]})
	}
	found, err := diff.Compare(ctx, root, pairs)
	if err != nil {
		return nil, err
	}
	for i, c := range all {
		if len(found[i]) == 0 {
			to.AddEqual(c.Stack, c.Label)
			continue
		}
		to.Add(c.Stack, c.Label, rules.Judge(found[i]))
		different = append(different, c)
	}
	addStacks(base, head, to)
	addActivation(base, head, to)
	return different, nil
}

// comparisons of every stack that both sides have.
func comparisons(base, head Side) (all []Comparison) {
	add := func(label, before, after string) {
		a, b := base.Assemblies[before], head.Assemblies[after]
		for _, stack := range slices.Sorted(maps.Keys(a.Templates)) {
			if _, both := b.Templates[stack]; both {
				all = append(all, Comparison{stack, label, a, b})
			}
		}
	}
	for _, mode := range checkout.Modes {
		add(mode, mode, mode)
	}
	if from, to := base.Committed, head.Committed; from != to {
		add(from+" → "+to, from, to)
	}
	return all
}

// addStacks compares what is in no template: which stacks there are, where, and how they are protected.
func addStacks(base, head Side, to *page.Result) {
	for _, mode := range checkout.Modes {
		before, after := base.Assemblies[mode].Facts, head.Assemblies[mode].Facts
		both := maps.Clone(before)
		maps.Copy(both, after)
		for _, stack := range slices.Sorted(maps.Keys(both)) {
			if maps.Equal(before[stack], after[stack]) {
				continue
			}
			c := diff.Change{Section: rules.Stack, ID: stack, Before: before[stack], After: after[stack]}
			if c.Before == nil {
				c.Impact = diff.Created
			}
			to.Add(stack, mode, rules.Judge([]diff.Change{c}))
		}
	}
}

// addActivation compares the head's modes with each other. What the base has as well is not this change's doing.
func addActivation(base, head Side, to *page.Result) {
	for _, mode := range checkout.Modes[1:] {
		for _, stack := range slices.Sorted(maps.Keys(head.Assemblies[mode].Templates)) {
			known := base.differences(stack, mode)
			for _, what := range head.differences(stack, mode) {
				if !slices.Contains(known, what) {
					to.Add(stack, mode, rules.Judge([]diff.Change{activationOf(what)}))
				}
			}
		}
	}
}

// differences between the templates of a mode and of the first one that no role change may bring. All modes are equal in
// the rest, so these pairs are enough.
func (s Side) differences(stack, mode string) []string {
	return activation.Differences(s.Assemblies[checkout.Modes[0]].Templates[stack], s.Assemblies[mode].Templates[stack])
}

// activationOf is a change that activation.Differences names: "Resources Alarm (AWS::CloudWatch::Alarm)".
func activationOf(what string) diff.Change {
	words := strings.Fields(what)
	return diff.Change{Section: rules.Activation, ID: words[min(1, len(words)-1)], Others: []string{what}}
}
