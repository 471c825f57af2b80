package page

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"unishop-pilot-light/cmd/review/diff"
	"unishop-pilot-light/cmd/review/rules"
)

func judged(id string, grade rules.Grade, says string) []rules.Judged {
	resource := map[string]any{"Type": "AWS::SNS::Topic"}
	return []rules.Judged{{
		Change:  diff.Change{Section: "Resources", ID: id, Before: resource, After: resource},
		Reasons: []rules.Reason{{Rule: "r", Grade: grade, Says: says, Source: "https://docs.aws.amazon.com/x"}},
	}}
}

func result(grades ...rules.Grade) *Result {
	r := &Result{
		Base: Side{Ref: "main", Commit: "1111111111111", Failover: "false"},
		Head: Side{Ref: "HEAD", Commit: "2222222222222", Failover: "false"},
	}
	for i, grade := range grades {
		r.Add("unishop-primary", "false", judged(fmt.Sprintf("Topic%d", i), grade, "is changed"))
	}
	return r
}

func TestTheWorstFindingIsTheVerdict(t *testing.T) {
	for want, grades := range map[string][]rules.Grade{
		"nothing": nil, "notes": {rules.Notes}, "moves": {rules.Notes, rules.Moves}, "blocks": {rules.Moves, rules.Blocks, rules.Notes},
	} {
		r := result(grades...)
		r.Close(nil, "")
		assert.Equal(t, want, r.Verdict)
		assert.True(t, strings.HasPrefix(r.Markdown(), "# Review: "+want+"\n"))
	}
}

func TestAnAcceptedFindingBlocksNoLonger(t *testing.T) {
	r := result(rules.Blocks, rules.Blocks, rules.Notes)
	r.Close([]string{"Topic0"}, "reviewer")
	assert.Equal(t, "blocks", r.Verdict, "the other one does")
	assert.Contains(t, r.Markdown(), "1 finding blocks")
	r = result(rules.Blocks, rules.Blocks, rules.Notes)
	r.Close([]string{"Topic0", "Topic1", "Topic2", "Topic9"}, "reviewer")
	assert.Equal(t, "moves", r.Verdict)
	page := r.Markdown()
	assert.Contains(t, page, "`reviewer` accepted what blocks: `Topic0`, `Topic1`.")
	assert.Contains(t, page, "Accepted, although it does not block: `Topic2`, `Topic9`.")
	assert.Contains(t, page, "| blocks, accepted | `Topic0`")
	assert.NotContains(t, page, "**blocks**")
}

func TestEqualFindingsAreOneRow(t *testing.T) {
	r := &Result{}
	for _, stack := range []string{"unishop-primary", "unishop-secondary"} {
		for _, mode := range []string{"false", "planned"} {
			r.Add(stack, mode, judged("Topic", rules.Notes, "is changed"))
		}
	}
	r.Add("unishop-primary", "true", judged("Topic", rules.Moves, "moves"))
	r.Close(nil, "")
	require.Len(t, r.Findings, 2)
	assert.Equal(t, rules.Moves, r.Findings[0].Grade, "the worst comes first")
	assert.Contains(t, r.Markdown(), "unishop-primary: false, planned; unishop-secondary: false, planned")
}

func TestEveryModeIsOneWord(t *testing.T) {
	assert.Equal(t, "false, true", inWords([]string{"false", "true"}))
	assert.Equal(t, "every mode, false → planned", inWords([]string{"false", "planned", "true", "primary", "false → planned"}))
}

func TestThePageHasItsPartsInOrder(t *testing.T) {
	r := result(rules.Blocks)
	r.Head.Failover = "planned"
	r.AddEqual("unishop-secondary", "true")
	r.AddDiff("unishop-primary", "false", "Stack\n```\n")
	r.AddDiff("unishop-primary", "primary", "Stack\n```\n")
	r.Close(nil, "")
	page := r.Markdown()
	at := -1
	for _, part := range []string{
		"# Review: blocks", "**1 finding blocks. Do not deploy it**", "`HEAD` (2222222222) against `main` (1111111111)",
		"`failover` in cdk.json becomes `planned`, and was `false`", "| **blocks** | `Topic0` AWS::SNS::Topic | is changed ([why](https://docs.aws.amazon.com/x)) | unishop-primary: false |",
		"Equal: unishop-secondary: true.", "<details><summary><code>npx cdk diff unishop-primary</code>, failover false, primary</summary>", "````\nStack\n```\n\n````",
	} {
		next := strings.Index(page, part)
		assert.Greater(t, next, at, part)
		at = next
	}
}

func TestATextOfATemplateIsNoMarkdown(t *testing.T) {
	r := &Result{}
	r.Add("unishop-primary", "false", judged("Topic", rules.Notes, "is updated (Name: \"a|b\n<img src=x>\" → [x](y))"))
	r.Close(nil, "")
	assert.Contains(t, r.Markdown(), `(Name: "a\|b \<img src=x\>" → \[x\](y))`)
}

func TestThePageIsCutAtTheEndOfAFold(t *testing.T) {
	r := result(rules.Notes)
	for i := range 5 {
		r.Diffs = append(r.Diffs, Diff{fmt.Sprintf("stack-%d", i), []string{"false"}, strings.Repeat("─", 20000)})
	}
	r.Close(nil, "")
	page := r.Markdown()
	assert.LessOrEqual(t, utf8.RuneCountInString(page), Limit)
	assert.Equal(t, 3, strings.Count(page, "<details>"))
	assert.Equal(t, 3, strings.Count(page, "</details>"))
	assert.Contains(t, page, "**The page is cut here**")
	assert.Contains(t, page, "Diffs that are missing: 2.")

	r.Diffs = r.Diffs[:3]
	assert.NotContains(t, r.Markdown(), "is cut", "three fit")
}

func TestATableThatIsTooLongIsCutAtARow(t *testing.T) {
	r := &Result{}
	for i := range 500 {
		r.Add("unishop-primary", "false", judged(fmt.Sprintf("Topic%d", i), rules.Notes, strings.Repeat("x", 200)))
	}
	r.Diffs = []Diff{{"stack", []string{"false"}, "text"}}
	r.Close(nil, "")
	page := r.Markdown()
	assert.LessOrEqual(t, utf8.RuneCountInString(page), Limit)
	written := strings.Count(page, "| notes |")
	assert.Contains(t, page, fmt.Sprintf("Rows of the table that are missing: %d.", 500-written))
	assert.Contains(t, page, "Diffs that are missing: 1.")
}

func TestTheJSONHasTheFindings(t *testing.T) {
	r := result(rules.Blocks)
	r.Close([]string{"Topic0"}, "reviewer")
	var written strings.Builder
	require.NoError(t, r.JSON(&written))
	var read map[string]any
	require.NoError(t, json.Unmarshal([]byte(written.String()), &read))
	assert.Equal(t, "moves", read["verdict"])
	assert.Equal(t, "reviewer", read["acceptedBy"])
	finding := read["findings"].([]any)[0].(map[string]any)
	assert.Equal(t, "blocks", finding["grade"])
	assert.Equal(t, true, finding["accepted"])
	assert.Equal(t, "is changed", finding["reasons"].([]any)[0].(map[string]any)["says"])
	empty := &Result{}
	empty.Close(nil, "")
	written.Reset()
	require.NoError(t, empty.JSON(&written))
	assert.Contains(t, written.String(), `"findings": []`)
}
