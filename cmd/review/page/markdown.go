package page

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"unishop-pilot-light/cmd/review/rules"
)

// comment is how many characters a comment on a pull request takes: https://github.com/orgs/community/discussions/27190
const comment = 65536

// Limit of the page: the script .ci/review puts a line in front of it.
const Limit = comment - 100

// Markdown is the page: the verdict, the table, the CLI's diffs in folds. What a comment cannot take is left out, from the
// end of a row or of a fold on, and the page says so.
func (r *Result) Markdown() string {
	page, rows := r.heading(), append(r.rows(), r.equal())
	parts := slices.Clone(rows)
	for _, d := range r.Diffs {
		parts = append(parts, d.fold())
	}
	if whole := page + strings.Join(parts, ""); utf8.RuneCountInString(whole) <= Limit {
		return whole
	}
	free, written := Limit-utf8.RuneCountInString(page)-len(cut(len(rows), len(parts))), 0
	for _, part := range parts {
		if free -= utf8.RuneCountInString(part); free < 0 {
			break
		}
		page += part
		written++
	}
	rowsLeft := max(0, len(rows)-1-written)
	return page + cut(rowsLeft, len(parts)-max(written, len(rows)))
}

// cut says what is missing.
func cut(rows, folds int) string {
	text := fmt.Sprintf("\n**The page is cut here**, where a comment of %d characters ends.", comment)
	if rows > 0 {
		text += fmt.Sprintf(" Rows of the table that are missing: %d.", rows)
	}
	return text + fmt.Sprintf(" Diffs that are missing: %d. `make review ARGS=--json` has every finding.\n", folds)
}

func (r *Result) heading() string {
	var text strings.Builder
	fmt.Fprintf(&text, "# Review: %s\n\n%s\n\n", r.Verdict, r.sentence())
	fmt.Fprintf(&text, "%s against %s; %s.", r.Head.words(), r.Base.words(), r.committed())
	fmt.Fprint(&text, " Each mode of `failover` is compared with itself.\n")
	if accepted := r.accepted(); len(accepted) > 0 {
		fmt.Fprintf(&text, "\n%s accepted what blocks: %s.\n", code(r.AcceptedBy), strings.Join(accepted, ", "))
	}
	if len(r.Idle) > 0 {
		fmt.Fprintf(&text, "\nAccepted, although it does not block: %s.\n", strings.Join(codes(r.Idle), ", "))
	}
	if len(r.Findings) > 0 {
		text.WriteString("\n| | what | becomes of it | in stack and mode |\n|---|---|---|---|\n")
	}
	return text.String()
}

// sentence is the verdict in words.
func (r *Result) sentence() string {
	switch blocks, moves := r.count(rules.Blocks), r.count(rules.Moves); {
	case blocks > 0:
		return fmt.Sprintf("**%s. Do not deploy it**, unless that is wanted: then accept each by name, `make review ARGS=\"--accept LOGICAL_ID\"`.",
			plural(blocks, "finding blocks", "findings block"))
	case len(r.accepted()) > 0:
		return "**What would block is accepted.** Deploy it with care."
	case moves > 0:
		return fmt.Sprintf("**%s the database or the instance.** No data would be lost, as far as the rules know. Deploy it at a quiet hour.",
			plural(moves, "finding moves or restarts", "findings move or restart"))
	case len(r.Findings) > 0:
		return "**Nothing would move, and no data would be lost**, as far as the rules know."
	}
	return "**The templates are equal**: a deployment changes nothing."
}

func (r *Result) accepted() (ids []string) {
	for _, f := range r.Findings {
		if f.Accepted {
			ids = append(ids, code(f.ID))
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

func (r *Result) committed() string {
	if r.Base.Failover == r.Head.Failover {
		return "both have `failover` " + code(r.Head.Failover) + " in cdk.json"
	}
	return fmt.Sprintf("`failover` in cdk.json becomes %s, and was %s", code(r.Head.Failover), code(r.Base.Failover))
}

func (s Side) words() string {
	words := code(s.Ref)
	if !strings.HasPrefix(s.Commit, s.Ref) {
		words += fmt.Sprintf(" (%.10s)", s.Commit)
	}
	if s.Uncommitted {
		words = "The working folder, with changes that are not committed,"
	}
	return words
}

// rows of the table.
func (r *Result) rows() (rows []string) {
	for _, f := range r.Findings {
		grade := f.Grade.String()
		if f.Grade > rules.Notes {
			grade = "**" + grade + "**"
		}
		if f.Accepted {
			grade = "blocks, accepted"
		}
		var said []string
		for _, reason := range f.Reasons {
			said = append(said, escape(reason.Says)+" "+link(reason.Source))
		}
		rows = append(rows, fmt.Sprintf("| %s | %s %s | %s | %s |\n", grade, code(f.ID), f.Type, strings.Join(said, "<br>"), placed(f.Where)))
	}
	return rows
}

func (r *Result) equal() string {
	if len(r.Equal) == 0 {
		return "\n"
	}
	return "\nEqual: " + placed(r.Equal) + ".\n"
}

func (d Diff) fold() string {
	fence := strings.Repeat("`", max(3, longest(d.Text)+1))
	return fmt.Sprintf("\n<details><summary><code>npx cdk diff %s</code>, failover %s</summary>\n\n%s\n%s\n%s\n\n</details>\n",
		d.Stack, inWords(d.Modes), fence, d.Text, fence)
}

// longest run of backticks.
func longest(text string) (n int) {
	for _, run := range regexp.MustCompile("`+").FindAllString(text, -1) {
		n = max(n, len(run))
	}
	return n
}

// link to a page of AWS's; a file of this repository is named.
func link(source string) string {
	if strings.HasPrefix(source, "https://") {
		return "([why](" + source + "))"
	}
	return "(" + code(source) + ")"
}

// escape keeps a text of a template from being anything but text in a table.
func escape(text string) string {
	return regexp.MustCompile("[\\\\`*_{}\\[\\]<>|~#&]").ReplaceAllString(strings.ReplaceAll(text, "\n", " "), `\$0`)
}

func code(text string) string {
	return "`" + strings.NewReplacer("`", "'", "|", "/", "\n", " ").Replace(text) + "`"
}

func codes(texts []string) (all []string) {
	for _, text := range texts {
		all = append(all, code(text))
	}
	return all
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
