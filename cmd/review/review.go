package main

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"unishop-pilot-light/cmd/review/checkout"
	"unishop-pilot-light/cmd/review/judge"
	"unishop-pilot-light/cmd/review/page"
)

// review compares the working folder with a base; without one, with the commit at which the branch left main.
func review(ctx context.Context, repo *checkout.Repository, ref string) (*page.Result, error) {
	result := &page.Result{}
	if err := choose(ctx, repo, ref, result); err != nil {
		return nil, err
	}
	var base, head judge.Side
	tree, err := synthesize(ctx, repo, result, &base, &head)
	if err != nil {
		return nil, err
	}
	different, err := judge.Compare(ctx, repo.Root, base, head, result)
	if err != nil {
		return nil, err
	}
	return result, addDiffs(ctx, repo, tree, different, result)
}

func choose(ctx context.Context, repo *checkout.Repository, ref string, result *page.Result) (err error) {
	result.Base.Ref, result.Head.Ref = ref, "HEAD"
	if ref == "" {
		result.Base.Ref = "main, where it left it"
		result.Base.Commit, err = repo.MergeBase(ctx)
	} else {
		result.Base.Commit, err = repo.Commit(ctx, ref)
	}
	if err != nil {
		return err
	}
	result.Head.Commit, result.Head.Uncommitted, err = repo.WorkingCommit(ctx)
	return err
}

// synthesize both sides side by side, until one fails. It returns the head's tree, whose CLI prints what differs.
func synthesize(ctx context.Context, repo *checkout.Repository, result *page.Result, base, head *judge.Side) (*checkout.Tree, error) {
	ctx, fail := context.WithCancelCause(ctx)
	one := func(name, commit string, side *judge.Side) (tree *checkout.Tree) {
		tree, assemblies, err := repo.Synthesize(ctx, name, commit)
		if err == nil {
			side.Assemblies = assemblies
			side.Committed, err = tree.CommittedMode()
		}
		if err != nil {
			fail(err)
		}
		return tree
	}
	var other sync.WaitGroup
	other.Go(func() { one("base", result.Base.Commit, base) })
	tree := one("head", result.Head.Commit, head)
	other.Wait()
	err := context.Cause(ctx) // that of the first side that failed
	fail(nil)
	return tree, err
}

// addDiffs has the CDK CLI of the head print what differs; equal texts of one stack are one diff.
func addDiffs(ctx context.Context, repo *checkout.Repository, tree *checkout.Tree, different []judge.Comparison, result *page.Result) error {
	for _, c := range different {
		repo.Say("npx cdk diff %s, failover=%s", c.Stack, c.Label)
		text, err := tree.Diff(ctx, c.Stack, c.Before.File(c.Stack), c.After)
		if err != nil {
			return fmt.Errorf("the CDK CLI cannot print what differs in %s: %w", c.Stack, err)
		}
		same := slices.IndexFunc(result.Diffs, func(d page.Diff) bool { return d.Stack == c.Stack && d.Text == text })
		if same < 0 {
			same = len(result.Diffs)
			result.Diffs = append(result.Diffs, page.Diff{Stack: c.Stack, Text: text})
		}
		result.Diffs[same].Modes = append(result.Diffs[same].Modes, c.Label)
	}
	return nil
}
