package main

import (
	"strings"
	"time"
)

func perSecond(sales []write, from time.Time) (counts []int) {
	for _, s := range sales {
		second := int(s.At.Sub(from).Seconds())
		for len(counts) <= second {
			counts = append(counts, 0)
		}
		counts[second]++
	}
	return counts
}

// chart is sales per second, in units of its view box.
type chart struct {
	Width, Height int
	Highest       int
	Bars          []bar
	Marks         []mark
	Seconds       []tick
}

type bar struct{ X, Y, Height int }

type mark struct {
	X, Y int
	Says string
	Left bool // the words stand left of it, where there is room
}

type tick struct{ X, Second int }

const (
	chartLeft  = 30
	chartWidth = 1000
	barsTop    = 100
	barsHeight = 160
)

func draw(sales []int, tell *narrator, from time.Time) chart {
	c := chart{Width: chartLeft + chartWidth, Height: barsTop + barsHeight + 30, Highest: 1}
	for _, count := range sales {
		c.Highest = max(c.Highest, count)
	}
	x := func(second float64) int { return chartLeft + int(second*chartWidth/float64(max(1, len(sales)))) }
	for i, count := range sales {
		height := count * barsHeight / c.Highest
		c.Bars = append(c.Bars, bar{x(float64(i)), barsTop + barsHeight - height, height})
		if i%30 == 0 {
			c.Seconds = append(c.Seconds, tick{x(float64(i)), i})
		}
	}
	for _, s := range tell.told {
		second := tell.began.Add(s.after).Sub(from).Seconds()
		if second >= 0 && second < float64(len(sales)) && isMove(s.says) {
			c.Marks = append(c.Marks, mark{x(second), 14 + len(c.Marks)%5*16, s.says, second > float64(len(sales))/2})
		}
	}
	return c
}

// isMove: the sentence is one that sales may feel.
func isMove(says string) bool {
	for _, words := range []string{"goes down", "takes over", "comes home", "by plan", "and home"} {
		if strings.Contains(says, words) {
			return true
		}
	}
	return false
}
