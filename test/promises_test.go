package test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// promise is something that must be so in every template.
type promise = promiseOn[system]

// promiseOn is something that must be so. The same check runs on what is real, where it must be silent, and on copies
// that are broken in the ways listed, where it must speak: a guard that cannot go red guards nothing.
type promiseOn[S any] struct {
	check func(S) complaints
	ways  map[string]func(S) // to break it
}

func TestPromises(t *testing.T) {
	hold(t, synthesizeSystem(t, nil), activationPromises, databasePromises, databaseLogPromises, functionPromises, iamPromises, networkPromises,
		orderPromises, outputPromises, securityPromises)
}

// hold checks tables of promises, and that each way to break one is noticed.
func hold[S any](t *testing.T, actual S, tables ...map[string]promiseOn[S]) {
	t.Helper()
	all := map[string]promiseOn[S]{}
	for _, table := range tables {
		for sentence, p := range table {
			require.NotContains(t, all, sentence)
			all[sentence] = p
		}
	}
	for _, sentence := range keys(all) {
		p := all[sentence]
		t.Run(sentence, func(t *testing.T) {
			require.Empty(t, complaintsOf(p.check, actual))
			require.NotEmpty(t, p.ways, "no way to break it is listed")
			for _, way := range keys(p.ways) {
				broken := clone(actual)
				p.ways[way](broken)
				require.True(t, text(actual) != text(broken), "%s: changes nothing", way)
				assert.NotEmpty(t, complaintsOf(p.check, broken), "%s: not noticed", way)
			}
		})
	}
}

// complaintsOf runs a check; something so broken that the check cannot go on is a complaint too.
func complaintsOf[S any](check func(S) complaints, s S) (c complaints) {
	defer func() {
		if problem := recover(); problem != nil {
			c = append(c, fmt.Sprint(problem))
		}
	}()
	c = check(s)
	slices.Sort(c)
	return c
}

// clone copies what is real, so that the copy can be broken.
func clone[S any](actual S) (copied S) {
	if err := json.Unmarshal([]byte(text(actual)), &copied); err != nil {
		panic(err)
	}
	return copied
}
