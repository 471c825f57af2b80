package test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// fakeReview prints its arguments, and ends with the status in the file beside it.
const fakeReview = `#!/bin/sh
echo "page: $*"
exit "$(cat "$0.status")"
`

// fakeGit knows where the branch left.
const fakeGit = `#!/bin/sh
[ "$*" = 'merge-base tip HEAD' ] && echo abc
`

// fakeGitHub keeps the one comment in a file, and knows its number when it is there.
const fakeGitHub = `#!/bin/sh
echo "$@" >>"$GITHUB/calls"
case "$*" in
*--paginate*) [ ! -e "$GITHUB/comment" ] || echo 7 ;;
*body=@*) cp .cache/review.md "$GITHUB/comment" ;;
esac
`

// reviewed runs the script of the pull-request workflow in a folder with fakes.
type reviewed struct{ folder string }

func newReviewed(t *testing.T) reviewed {
	t.Helper()
	r := reviewed{t.TempDir()}
	script, err := os.ReadFile(filepath.Join(root, ".ci", "review"))
	require.NoError(t, err)
	for name, text := range map[string]string{".ci/review": string(script), ".cache/review": fakeReview, "bin/gh": fakeGitHub, "bin/git": fakeGit} {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(r.folder, name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(r.folder, name), []byte(text), 0o755))
	}
	return r
}

func (r reviewed) read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(r.folder, name))
	require.NoError(t, err)
	return string(text)
}

func (r reviewed) run(t *testing.T, status string, environ ...string) error {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(r.folder, ".cache/review.status"), []byte(status), 0o644))
	command := exec.Command("bash", filepath.Join(r.folder, ".ci/review"))
	command.Env = append([]string{"PATH=" + filepath.Join(r.folder, "bin") + ":" + os.Getenv("PATH"), "GITHUB=" + r.folder, "BASE=tip",
		"GITHUB_REPOSITORY=owner/shop", "GITHUB_STEP_SUMMARY=" + filepath.Join(r.folder, "summary")}, environ...)
	out, err := command.CombinedOutput()
	t.Log(string(out))
	return err
}

func TestAPullRequestHasOneComment(t *testing.T) {
	r := newReviewed(t)
	require.NoError(t, r.run(t, "3", "NUMBER=5"))
	require.NoError(t, r.run(t, "0", "NUMBER=5"))
	calls := r.read(t, "calls")
	assert.Equal(t, 1, strings.Count(calls, "--method POST repos/owner/shop/issues/5/comments"), calls)
	assert.Equal(t, 1, strings.Count(calls, "--method PATCH repos/owner/shop/issues/comments/7"), calls)
	assert.Contains(t, r.read(t, "comment"), "page: -base abc\n")
	assert.Equal(t, 2, strings.Count(r.read(t, "summary"), "page: -base abc\n"))
}

func TestAForksPullRequestHasASummaryAlone(t *testing.T) {
	r := newReviewed(t)
	require.NoError(t, r.run(t, "3", "NUMBER="))
	assert.NoFileExists(t, filepath.Join(r.folder, "calls"))
	assert.Contains(t, r.read(t, "summary"), "page: -base abc\n")
}

func TestAReviewThatBlocksOrFailsFailsItsJobAfterThePageIsShown(t *testing.T) {
	for status, want := range map[string]string{"4": "page:", "1": "The review failed: nothing is known."} {
		r := newReviewed(t)
		require.Error(t, r.run(t, status, "NUMBER=5"))
		assert.Contains(t, r.read(t, "summary"), want)
		assert.Contains(t, r.read(t, "comment"), want)
	}
}

func TestAnAuthorsWordAcceptsOnlyWithALabel(t *testing.T) {
	const body = "BODY=Moves the database.\r\nAccept: Database1\r\nAccept: $(id); rm -rf /\r\nAccept: unishop-primary\n"
	for labels, want := range map[string]string{
		``:                                 "page: -base abc\n",
		`["not accepted", "\"accepted\""]`: "page: -base abc\n",
		"[\n  \"bug\",\n  \"accepted\"\n]": "page: -base abc -accept Database1 -accept unishop-primary\n",
	} {
		r := newReviewed(t)
		require.NoError(t, r.run(t, "3", body, "LABELS="+labels))
		assert.Contains(t, r.read(t, "summary"), want, labels)
	}
}
