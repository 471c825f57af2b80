package report

import (
	"slices"
	"time"

	"unishop-pilot-light/drill/history"
)

// perSecond counts purchases by the second in which they were made.
func perSecond(h history.History, from time.Time) []int {
	counts := []int{}
	for _, purchase := range h.Of(history.Purchased) {
		second := int(purchase.At.Sub(from).Seconds())
		for len(counts) <= second {
			counts = append(counts, 0)
		}
		counts[second]++
	}
	return counts
}

// mark is the beginning of something that may slow purchases.
type mark struct {
	second float64
	says   string
}

// marked are the descriptions of the steps in which outages and moves began.
func marked(h history.History, from time.Time) (marks []mark) {
	says := ""
	for _, e := range h.Of(history.StepBegan, history.OutageBegan, history.MoveBegan) {
		if e.Kind == history.StepBegan {
			says = e.Words
		} else {
			marks = append(marks, mark{e.At.Sub(from).Seconds(), says})
		}
	}
	return marks
}

// Chart is a drawing of purchases per second, and of what may have slowed them: the coordinates of an SVG element.
type Chart struct {
	Width, Height, Left, Base int
	Bars                      []Bar
	Marks                     []Line
	Times, Counts             []Label
}

type (
	// Bar is the purchases of a second.
	Bar struct{ X, Y, Width, Height float64 }
	// Line is a mark, with its words beside its upper end.
	Line struct {
		X, Y   float64
		Says   string
		Anchor string // start or end: to which side there is room
	}
	// Label of an axis.
	Label struct {
		At   float64
		Says int
	}
)

const (
	chartWidth, chartHeight = 1100, 350
	left, base              = 40, 310 // of the axes
	rows                    = 6       // of words, so that neighbours do not cover each other
)

// Chart of the purchases. Words take the upper half, bars the lower one.
func (r Report) Chart() Chart {
	c := Chart{Width: chartWidth, Height: chartHeight, Left: left, Base: base}
	highest := slices.Max(append(r.Purchases, 1))
	wide := float64(chartWidth-left) / float64(max(1, len(r.Purchases)))
	high := float64(base) / float64(2*highest)
	for second, count := range r.Purchases {
		height := float64(count) * high
		c.Bars = append(c.Bars, Bar{left + float64(second)*wide, base - height, wide * 0.85, height})
		if second%10 == 0 {
			c.Times = append(c.Times, Label{left + float64(second)*wide, second})
		}
	}
	for _, count := range []int{0, (highest + 1) / 2, highest} {
		c.Counts = append(c.Counts, Label{base - float64(count)*high, count})
	}
	for i, m := range r.marks {
		line := Line{X: left + m.second*wide, Y: 14 + float64(i%rows)*(base/2-28)/rows, Says: m.says, Anchor: "start"}
		if line.X > chartWidth/2 {
			line.Anchor = "end"
		}
		c.Marks = append(c.Marks, line)
	}
	return c
}
