package report

import (
	"fmt"
	"io"
	"os"
	"time"
)

// Live prints each step when it is over, with its seconds, and on a terminal also what is being done meanwhile.
type Live struct {
	out      io.Writer
	terminal bool
}

// NewLive prints to out.
func NewLive(out io.Writer) *Live {
	file, ok := out.(*os.File)
	terminal := false
	if ok {
		info, err := file.Stat()
		terminal = err == nil && info.Mode()&os.ModeCharDevice != 0
	}
	return &Live{out, terminal}
}

// Step prints a step while do is at it.
func (l *Live) Step(says string, doing func() string, do func() error) error {
	began := time.Now()
	done := make(chan error, 1)
	go func() { done <- do() }()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case err := <-done:
			mark := "✓"
			if err != nil {
				mark = "✗"
			}
			l.clear()
			fmt.Fprintf(l.out, "%s %-78s %6.1f s\n", mark, says, time.Since(began).Seconds())
			return err
		case <-tick.C:
			if l.terminal {
				l.clear()
				fmt.Fprintf(l.out, "  %s %.0f s  %s", says, time.Since(began).Seconds(), cut(doing(), 60))
			}
		}
	}
}

// clear removes the line that is not finished.
func (l *Live) clear() {
	if l.terminal {
		fmt.Fprint(l.out, "\r\033[K")
	}
}
