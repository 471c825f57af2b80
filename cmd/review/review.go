package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"unishop-pilot-light/cmd/review/change"
	"unishop-pilot-light/cmd/review/checkout"
	"unishop-pilot-light/cmd/review/page"
	"unishop-pilot-light/cmd/review/rules"
	"unishop-pilot-light/internal/activation"
)

// review is one run of the command.
type review struct {
	repo       *checkout.Repository
	base, head side
	result     *page.Result
}

// side is a commit in every mode.
type side struct {
	tree       *checkout.Tree
	assemblies map[string]checkout.Assembly
	committed  string // mode
}

// comparison of one stack: a mode with itself, or the modes that are committed, when they differ.
type comparison struct {
	stack, label  string
	before, after checkout.Assembly
}

func (r *review) run(ctx context.Context, base string) error {
	if err := r.choose(ctx, base); err != nil {
		return err
	}
	if err := r.synthesize(ctx); err != nil {
		return err
	}
	compared := r.comparisons()
	if err := r.judge(ctx, compared); err != nil {
		return err
	}
	r.judgeStacks()
	r.judgeActivation()
	return r.addDiffs(ctx, compared)
}

// choose the two commits. Without a base it is where this branch has left main.
func (r *review) choose(ctx context.Context, ref string) (err error) {
	if ref == "" {
		ref = "where it left main"
		r.result.Base.Commit, err = r.repo.MergeBase(ctx)
	} else {
		r.result.Base.Commit, err = r.repo.Commit(ctx, ref)
	}
	if err != nil {
		return err
	}
	r.result.Base.Ref, r.result.Head.Ref = ref, "HEAD"
	r.result.Head.Commit, r.result.Head.Uncommitted, err = r.repo.WorkingCommit(ctx)
	return err
}

// synthesize both sides side by side.
func (r *review) synthesize(ctx context.Context) error {
	var both sync.WaitGroup
	errs := make([]error, 2)
	for i, s := range []struct {
		name, commit string
		to           *side
	}{{"base", r.result.Base.Commit, &r.base}, {"head", r.result.Head.Commit, &r.head}} {
		both.Add(1)
		go func() {
			defer both.Done()
			s.to.tree, s.to.assemblies, errs[i] = r.repo.Synthesize(ctx, s.name, s.commit)
			if errs[i] == nil {
				s.to.committed, errs[i] = s.to.tree.CommittedMode()
			}
		}()
	}
	both.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	r.result.Base.Failover, r.result.Head.Failover = r.base.committed, r.head.committed
	return nil
}

// comparisons of every stack that both sides have.
func (r *review) comparisons() (all []comparison) {
	add := func(label, before, after string) {
		a, b := r.base.assemblies[before], r.head.assemblies[after]
		for _, stack := range slices.Sorted(maps.Keys(a.Templates)) {
			if _, both := b.Templates[stack]; both {
				all = append(all, comparison{stack, label, a, b})
			}
		}
	}
	for _, mode := range checkout.Modes {
		add(mode, mode, mode)
	}
	if from, to := r.base.committed, r.head.committed; from != to {
		add(from+" → "+to, from, to)
	}
	return all
}

func (r *review) judge(ctx context.Context, compared []comparison) error {
	var pairs []change.Pair
	for _, c := range compared {
		pairs = append(pairs, change.Pair{Before: c.before.Templates[c.stack], After: c.after.Templates[c.stack]})
	}
	found, err := change.Compare(ctx, r.repo.Root, pairs)
	if err != nil {
		return err
	}
	for i, c := range compared {
		if len(found[i]) == 0 {
			r.result.Equal[c.stack] = append(r.result.Equal[c.stack], c.label)
		}
		r.result.Add(c.stack, c.label, rules.Judge(found[i]))
	}
	return nil
}

// judgeStacks compares what is in no template: which stacks there are, where, and how they are protected.
func (r *review) judgeStacks() {
	for _, mode := range checkout.Modes {
		before, after := r.base.assemblies[mode].Facts, r.head.assemblies[mode].Facts
		for _, stack := range slices.Sorted(maps.Keys(before)) {
			if c := (change.Change{Section: rules.Stack, ID: stack, Before: before[stack], After: after[stack]}); !maps.Equal(c.Before, c.After) {
				r.result.Add(stack, mode, rules.Judge([]change.Change{c}))
			}
		}
		for _, stack := range slices.Sorted(maps.Keys(after)) {
			if before[stack] == nil {
				c := change.Change{Section: rules.Stack, ID: stack, Impact: change.Created, After: after[stack]}
				r.result.Add(stack, mode, rules.Judge([]change.Change{c}))
			}
		}
	}
}

// judgeActivation compares the templates of all modes of the head. What the base has as well is not this change's.
func (r *review) judgeActivation() {
	for _, mode := range checkout.Modes[1:] {
		for _, stack := range slices.Sorted(maps.Keys(r.head.assemblies[mode].Templates)) {
			known := r.base.differences(stack, mode)
			for _, what := range r.head.differences(stack, mode) {
				if !slices.Contains(known, what) {
					r.result.Add(stack, mode, rules.Judge([]change.Change{activationOf(what)}))
				}
			}
		}
	}
}

// differences of a stack between a mode and the first one that no role change may bring.
func (s side) differences(stack, mode string) []string {
	return activation.Differences(s.assemblies[checkout.Modes[0]].Templates[stack], s.assemblies[mode].Templates[stack])
}

// activationOf is a change that activation.Differences names: "Resources Alarm (AWS::CloudWatch::Alarm)".
func activationOf(what string) change.Change {
	words := strings.Fields(what)
	c := change.Change{Section: rules.Activation, ID: words[0], Others: []string{what}}
	if len(words) > 1 {
		c.ID = words[1]
	}
	return c
}

// addDiffs has the CLI of the head print what differs; equal texts of one stack are one diff.
func (r *review) addDiffs(ctx context.Context, compared []comparison) error {
	for _, c := range compared {
		if slices.Contains(r.result.Equal[c.stack], c.label) {
			continue
		}
		r.repo.Say("npx cdk diff %s, failover=%s", c.stack, c.label)
		text, err := r.head.tree.Diff(ctx, c.stack, c.before.File(c.stack), c.after)
		if err != nil {
			return fmt.Errorf("the CDK CLI cannot compare %s: %w", c.stack, err)
		}
		same := slices.IndexFunc(r.result.Diffs, func(d page.Diff) bool { return d.Stack == c.stack && d.Text == text })
		if same < 0 {
			same = len(r.result.Diffs)
			r.result.Diffs = append(r.result.Diffs, page.Diff{Stack: c.stack, Text: text})
		}
		r.result.Diffs[same].Modes = append(r.result.Diffs[same].Modes, c.label)
	}
	return nil
}
