package preflight

import (
	"fmt"
	"io"
	"strings"
)

// Print prints a result: one line, and below a finding what to do.
func Print(out io.Writer, r Result) {
	head := fmt.Sprintf("%-8s %-14s %s", r.State, r.Region, r.Check)
	tail := r.Facts
	if r.State == Found {
		tail = strings.Join(r.Findings, "; ")
	}
	if tail != "" {
		head += ": " + tail
	}
	fmt.Fprintln(out, head)
	if r.Advice != "" {
		fmt.Fprintf(out, "%-8s %-14s → %s\n", "", "", r.Advice)
	}
}

// Sum is what all results come to, and the exit code: 0 nothing was found, 1 something was, 2 a check could not be made.
func Sum(all []Result) (words string, code int) {
	findings, failed, open := Count(all, Found), Count(all, Failed), Count(all, NotChecked)
	words = fmt.Sprintf("%d checks, %s", len(all), plural(findings, "finding"))
	if failed > 0 {
		words += fmt.Sprintf(", %s: see ERROR", plural(failed, "check that could not be made"))
		code = 2
	} else if findings > 0 {
		code = 1
	}
	if open > 0 {
		words += "; " + plural(open, "check") + " not made until they are settled"
	}
	if code == 0 {
		words += ": go on with `npx cdk deploy --all --no-rollback`"
	}
	return words + ".", code
}

func plural(count int, what string) string {
	if count == 1 {
		return "1 " + what
	}
	if before, after, ok := strings.Cut(what, " "); ok {
		return fmt.Sprintf("%d %ss %s", count, before, after)
	}
	return fmt.Sprintf("%d %ss", count, what)
}
