package main

import (
	"context"
	"fmt"
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
	different, err := judge.Compare(ctx, tree.Folder, base, head, result)
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
	texts, errs := make([]string, len(different)), make([]error, len(different))
	var all sync.WaitGroup
	free := make(chan struct{}, 2) // of two processors
	for i, c := range different {
		free <- struct{}{}
		repo.Say("npx cdk diff %s, failover=%s", c.Stack, c.Label)
		all.Go(func() {
			defer func() { <-free }()
			texts[i], errs[i] = tree.Diff(ctx, c.Stack, c.Before.File(c.Stack), c.After)
		})
	}
	all.Wait()
	for i, c := range different {
		if errs[i] != nil {
			return fmt.Errorf("the CDK CLI cannot print what differs in %s: %w", c.Stack, errs[i])
		}
		result.AddDiff(c.Stack, c.Label, texts[i])
	}
	return nil
}
