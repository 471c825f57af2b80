// Package report shows a drill, as text, as JSON and as a page. It is made from the drill's history and its verdict, and
// from nothing else.
package report

import (
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"html/template"
	"os"
	"path/filepath"
	"strings"

	"unishop-pilot-light/drill/history"
	"unishop-pilot-light/drill/verdict"
)

// Report of one drill.
type Report struct {
	verdict.Verdict
	Visits    []Visit             `json:"visits"`
	Purchases []int               `json:"purchasesPerSecond"`
	NotIn     []string            `json:"notMeasured"`
	Waits     []verdict.Published `json:"composedWith"`
	Beside    []verdict.Published `json:"documentedByAWS"`

	marks []mark
}

// Visit is what a shopper saw in a region.
type Visit struct {
	Region   string   `json:"region"`
	Instance string   `json:"instance"`
	Basket   []string `json:"basket"`
	By       string   `json:"by"`
	Picture  []byte   `json:"-"` // PNG; empty without a browser
}

var notMeasured = []string{
	"Aurora's own promotion", "the launch of an EC2 instance", "the first boot from a cold snapshot",
	"the compilation of the CDK program by go run", "the time until an operator types the command",
}

// New makes the report of a history that was judged.
func New(h history.History, v verdict.Verdict) Report {
	r := Report{Verdict: v, NotIn: notMeasured, Waits: verdict.AWSWaits, Beside: verdict.Documented}
	for _, e := range h.Of(history.Visited) {
		r.Visits = append(r.Visits, Visit{e.Region, e.Visit.Instance, e.Visit.Basket, e.Visit.By, e.Visit.Picture})
	}
	if measuring := h.Of(history.MeasuringBegan); len(measuring) > 0 {
		r.Purchases, r.marks = perSecond(h, measuring[0].At), marked(h, measuring[0].At)
	}
	return r
}

// Measured says whether there is anything to report beyond the steps.
func (r Report) Measured() bool { return r.Purchases != nil }

// Keep writes report.json and report.html to a folder.
func (r Report) Keep(folder string) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(folder, "report.json"), append(text, '\n'), 0o644); err != nil {
		return err
	}
	var html strings.Builder
	if err := page.Execute(&html, r); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, "report.html"), []byte(html.String()), 0o644)
}

//go:embed report.html
var pageText string

//go:embed chart.svg
var chartText string

var page = template.Must(template.Must(template.New("report").Funcs(template.FuncMap{
	"clock":    clock,
	"sentence": func(says string) string { return strings.ToUpper(says[:1]) + says[1:] + "." },
	"picture": func(png []byte) template.URL {
		return template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(png))
	},
}).Parse(pageText)).New("chart").Parse(chartText)).Lookup("report")
