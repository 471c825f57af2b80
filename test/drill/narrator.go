package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// narrator tells a story as it happens: each sentence when it is over, with its seconds, and on a terminal also what
// is being done meanwhile.
type narrator struct {
	out   io.Writer
	live  bool
	began time.Time
	told  []sentence
}

type sentence struct {
	says        string
	after, took time.Duration
}

func newNarrator(out io.Writer) *narrator {
	file, ok := out.(*os.File)
	live := false
	if ok {
		info, err := file.Stat()
		live = err == nil && info.Mode()&os.ModeCharDevice != 0
	}
	return &narrator{out: out, live: live, began: time.Now()}
}

// step tells a sentence while do is at it.
func (n *narrator) step(says string, doing func() string, do func() error) error {
	began := time.Now()
	done := make(chan error, 1)
	go func() { done <- do() }()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case err := <-done:
			took := time.Since(began)
			n.told = append(n.told, sentence{says, began.Sub(n.began), took})
			mark := "✓"
			if err != nil {
				mark = "✗"
			}
			n.clear()
			fmt.Fprintf(n.out, "%s %-78s %6.1f s\n", mark, says, took.Seconds())
			return err
		case <-tick.C:
			if n.live {
				n.clear()
				fmt.Fprintf(n.out, "  %s %.0f s  %s", says, time.Since(began).Seconds(), cut(doing(), 60))
			}
		}
	}
}

// clear forgets the line that is not finished.
func (n *narrator) clear() {
	if n.live {
		fmt.Fprint(n.out, "\r\033[K")
	}
}

// timeline tells the whole story again, with when each step began.
func (n *narrator) timeline(s scenario) {
	fmt.Fprintf(n.out, "\n%s\n", s.says)
	for _, t := range n.told {
		fmt.Fprintf(n.out, "%s  %-78s %6.1f s\n", clock(t.after), t.says, t.took.Seconds())
	}
	fmt.Fprintf(n.out, "%d steps in %.0f s\n", len(n.told), time.Since(n.began).Seconds())
}

// tellScenario tells of one scenario among several.
func tellScenario(out io.Writer, s scenario, err error, took time.Duration) {
	mark := "✓"
	if err != nil {
		mark = "✗"
	}
	fmt.Fprintf(out, "%s %-20s %-78s %6.1f s\n", mark, s.name, s.says, took.Seconds())
}

func clock(d time.Duration) string {
	return fmt.Sprintf("%2d:%02d", int(d.Minutes()), int(d.Seconds())%60)
}

func cut(text string, length int) string {
	runes := []rune(strings.TrimSpace(text))
	return string(runes[:min(len(runes), length)])
}
