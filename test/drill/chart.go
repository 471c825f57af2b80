package main

import (
	"html/template"
	"image/color"
	"math"
	"strings"
	"time"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
)

// perSecond counts sales by the second that they were made in.
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

// mark is the beginning of something that sales may feel.
type mark struct {
	second float64
	says   string
}

// marked are the sentences of the story in which outages and moves began.
func marked(tell *narrator, moments []time.Time, from time.Time) (marks []mark) {
	for _, at := range moments {
		for _, told := range tell.told {
			began := tell.began.Add(told.after)
			if !at.Before(began) && at.Before(began.Add(told.took)) {
				marks = append(marks, mark{at.Sub(from).Seconds(), told.says})
			}
		}
	}
	return marks
}

var (
	blue = color.RGBA{R: 0x2f, G: 0x6f, B: 0xb3, A: 0xff}
	red  = color.RGBA{R: 0xb3, G: 0x40, B: 0x2f, A: 0xff}
)

// rows of words stand above the sales, so that neighbours do not cover each other.
const rows = 6

// draw draws sales per second, and what they may have felt, as an SVG element.
func draw(sales []int, marks []mark) (template.HTML, error) {
	plot.DefaultFont.Variant = "Sans"
	p, highest := plot.New(), 1.0
	bars := make(plotter.Values, len(sales))
	for second, count := range sales {
		bars[second] = float64(count)
		highest = math.Max(highest, float64(count))
	}
	p.X.Label.Text, p.Y.Label.Text = "seconds", "sales per second"
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = 0, float64(len(sales)), 0, 2*highest
	width := vg.Inch * 11
	chart, err := plotter.NewBarChart(bars, width*0.85/vg.Length(max(1, len(sales))))
	if err != nil {
		return "", err
	}
	chart.Color, chart.LineStyle.Width = blue, 0
	p.Add(chart)
	for i, m := range marks {
		if err := m.draw(p, highest*(1.95-float64(i%rows)*0.9/rows)); err != nil {
			return "", err
		}
	}
	return svg(p, width, vg.Inch*3.5)
}

// draw draws a mark as a line up to a height, with its words where there is room for them.
func (m mark) draw(p *plot.Plot, height float64) error {
	line, err := plotter.NewLine(plotter.XYs{{X: m.second, Y: 0}, {X: m.second, Y: height}})
	if err != nil {
		return err
	}
	line.Color = red
	words, err := plotter.NewLabels(plotter.XYLabels{XYs: plotter.XYs{{X: m.second, Y: height}}, Labels: []string{" " + m.says + " "}})
	if err != nil {
		return err
	}
	if m.second > p.X.Max/2 {
		words.TextStyle[0].XAlign = -1 // left of it
	}
	words.TextStyle[0].YAlign = -1
	p.Add(line, words)
	return nil
}

// svg is a plot as an element of an HTML page.
func svg(p *plot.Plot, width, height vg.Length) (template.HTML, error) {
	writer, err := p.WriterTo(width, height, "svg")
	if err != nil {
		return "", err
	}
	var text strings.Builder
	if _, err := writer.WriteTo(&text); err != nil {
		return "", err
	}
	_, element, _ := strings.Cut(text.String(), "<svg")
	return template.HTML("<svg" + element), nil
}
