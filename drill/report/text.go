package report

import (
	"fmt"
	"io"
	"strings"

	"unishop-pilot-light/drill/verdict"
)

// Timeline prints every step, with when it began and how long it took.
func (r Report) Timeline(out io.Writer) {
	fmt.Fprintf(out, "\n%s\n", r.Says)
	total := verdict.Seconds(0)
	for _, s := range r.Steps {
		fmt.Fprintf(out, "%s  %-78s %8s\n", clock(s.Began), s.Says, s.Took)
		total = s.Began + s.Took
	}
	fmt.Fprintf(out, "%d steps in %.0f s\n", len(r.Steps), total)
}

// Figures prints what was measured and what is composed of it, side by side, and how both stand to their limits.
func (r Report) Figures(out io.Writer) {
	fmt.Fprintln(out, "\nMeasured in this drill, and composed for AWS")
	if len(r.Visits) > 0 {
		fmt.Fprintf(out, "the shopper shops by %s\n", r.Visits[0].By)
	}
	for i, recovery := range r.Recoveries {
		printRecovery(out, recovery, i == 0)
	}
	for _, l := range r.Losses {
		fmt.Fprintf(out, "%s: %d of %d acknowledged writes lost, %d ms of them; no write for %s\n",
			l.Move, len(l.Lost), l.Acknowledged, l.Milliseconds, l.WriteOutage)
		if len(l.Lost) > 0 {
			fmt.Fprintf(out, "  lost: %s\n", cut(l.IDs(), 300))
		}
	}
	for _, j := range r.Judgements {
		fmt.Fprintln(out, judged(j))
	}
	fmt.Fprintf(out, "not measured: %s\n", strings.Join(r.NotIn, ", "))
	fmt.Fprint(out, "computed for AWS from")
	for i, wait := range r.Waits {
		fmt.Fprintf(out, "%s %s", strings.Repeat(";", min(i, 1)), wait.Says)
	}
	fmt.Fprintln(out)
}

func printRecovery(out io.Writer, r verdict.Recovery, staged bool) {
	fmt.Fprintf(out, "RTO of the %s: first purchase in %s %s after the outage, %s after the command; composed for AWS: %s after the outage\n",
		r.Move, r.Region, r.FromOutage, r.FromCommand, r.Composed)
	if !staged {
		return
	}
	fmt.Fprintf(out, "  %10s %10s\n", "measured", "composed")
	for _, s := range r.Stages {
		fmt.Fprintf(out, "  %10s %10s  %s\n", s.After, s.Composed, s.Says)
	}
}

func judged(j verdict.Judgement) string {
	if j.Missed() > 0 {
		return fmt.Sprintf("✗ %s: %s, which is %s more than %s", j.Says, j.Found, j.Missed(), j.Limit)
	}
	return fmt.Sprintf("✓ %s: %s of at most %s", j.Says, j.Found, j.Limit)
}

func clock(s verdict.Seconds) string {
	return fmt.Sprintf("%2d:%02d", int(s)/60, int(s)%60)
}

func cut(text string, length int) string {
	runes := []rune(strings.TrimSpace(text))
	return string(runes[:min(len(runes), length)])
}
