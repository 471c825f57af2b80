package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// told is a drill as its reports have it.
type told struct {
	Says     string      `json:"says"`
	Timeline []moment    `json:"timeline"`
	RTO      *rto        `json:"rto,omitempty"`
	Losses   []loss      `json:"losses"`
	Visits   []visited   `json:"visits"`
	Sales    []int       `json:"salesPerSecond"`
	Chart    chart       `json:"-"`
	NotIn    []string    `json:"notIncluded"`
	Beside   []published `json:"documentedByAWS"`
}

type moment struct {
	Says    string  `json:"says"`
	At      float64 `json:"at"`      // seconds since the drill began
	Seconds float64 `json:"seconds"` // that it took
}

// rto is the way from the first outage to the first sale in us-west-1.
type rto struct {
	FromOutage  float64  `json:"fromOutage"`
	FromCommand float64  `json:"fromCommand"`
	Steps       []moment `json:"steps"` // At: seconds since the outage
}

type published struct {
	Says   string `json:"says"`
	Source string `json:"source"`
}

var notIncluded = []string{"Aurora's own promotion", "the launch of an EC2 instance", "the first boot from a cold snapshot"}

const disasterRecovery = "https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-global-database-disaster-recovery.html"

var documented = []published{
	{"Aurora Global Database, failover: RTO on the order of minutes", disasterRecovery},
	{"Aurora Global Database, failover: RPO typically in seconds, by the replication lag at the time", disasterRecovery},
	{"Aurora Global Database, switchover: RPO 0, no data is lost", disasterRecovery},
}

// report tells what was measured, and for the story keeps it as JSON and as a page.
func (d *Drill) report(s scenario, tell *narrator) error {
	m := d.measurement
	if m == nil {
		return nil
	}
	m.lock.Lock()
	defer m.lock.Unlock()
	t := told{Says: s.says, RTO: recoveryTime(m.recovery), Losses: m.losses, Visits: m.visits,
		Sales: perSecond(m.sales, m.began), NotIn: notIncluded, Beside: documented}
	for _, x := range tell.told {
		t.Timeline = append(t.Timeline, moment{x.says, x.after.Seconds(), x.took.Seconds()})
	}
	t.Chart = draw(t.Sales, tell, m.began)
	tellMeasured(tell, t)
	if s.name != story.name {
		return nil
	}
	folder := filepath.Join(d.root, ".cache", "drill")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	text, err := json.MarshalIndent(t, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(folder, "report.json"), append(text, '\n'), 0o644); err != nil {
		return err
	}
	var page strings.Builder
	if err := htmlPage.Execute(&page, t); err != nil {
		return err
	}
	fmt.Fprintln(tell.out, "report: .cache/drill/report.html and report.json")
	return os.WriteFile(filepath.Join(folder, "report.html"), []byte(page.String()), 0o644)
}

func recoveryTime(steps []milestone) *rto {
	var found rto
	var typed time.Time
	sold := false
	for _, s := range steps {
		after := s.At.Sub(steps[0].At).Seconds()
		step := moment{Says: s.Says, At: after}
		if count := len(found.Steps); count > 0 {
			step.Seconds = after - found.Steps[count-1].At
		}
		found.Steps = append(found.Steps, step)
		switch s.Says {
		case "command typed":
			typed = s.At
		case "first sale in us-west-1":
			found.FromOutage, found.FromCommand, sold = after, s.At.Sub(typed).Seconds(), true
		}
	}
	if !sold {
		return nil
	}
	return &found
}

func tellMeasured(tell *narrator, t told) {
	fmt.Fprintln(tell.out, "\nMeasured in this drill")
	if len(t.Visits) > 0 {
		fmt.Fprintf(tell.out, "the shopper shops by %s\n", t.Visits[0].By)
	}
	if t.RTO != nil {
		fmt.Fprintf(tell.out, "RTO: first sale in us-west-1 %.1f s after the outage, %.1f s after the command\n", t.RTO.FromOutage, t.RTO.FromCommand)
		for _, s := range t.RTO.Steps {
			fmt.Fprintf(tell.out, "  %6.1f s  %s\n", s.At, s.Says)
		}
	}
	for _, l := range t.Losses {
		fmt.Fprintf(tell.out, "%s: %d of %d acknowledged writes lost, %d ms of them; no write for %.1f s\n",
			l.Move, len(l.Lost), l.Acknowledged, l.Milliseconds, l.WriteOutage)
		if count := len(l.Lost); count > 0 {
			fmt.Fprintf(tell.out, "  lost: %s\n", cut(names(l.Lost), 300))
		}
	}
	fmt.Fprintf(tell.out, "not in these figures: %s\n", strings.Join(t.NotIn, ", "))
}

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

var htmlPage = template.Must(template.New("report").Funcs(template.FuncMap{
	"clock": func(seconds float64) string { return clock(time.Duration(seconds * float64(time.Second))) },
	"names": names,
	"picture": func(png []byte) template.URL {
		return template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(png))
	},
}).Parse(`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Unishop: the drill</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 66rem; margin: 2rem auto; padding: 0 1rem; color: #1b2330; background: #fff }
h1, h2 { line-height: 1.2 } h2 { margin-top: 2.5rem }
.figures { display: flex; flex-wrap: wrap; gap: 1rem } .figures div { flex: 1 12rem; border: 1px solid #ccd3dd; border-radius: .5rem; padding: 1rem }
.figures b { display: block; font-size: 1.8rem }
table { border-collapse: collapse; width: 100% } th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid #e3e7ed; vertical-align: top }
.n { text-align: right; font-variant-numeric: tabular-nums }
svg { width: 100%; height: auto } svg text { font: 11px system-ui, sans-serif; fill: #1b2330 }
.visits { display: flex; flex-wrap: wrap; gap: 1rem } figure { flex: 1 24rem; margin: 0 } img { width: 100%; border: 1px solid #ccd3dd }
</style>
<h1>The drill</h1>
<p>{{.Says}}. These are the <em>drill's</em> figures, on an embedded AWS. Not in them: {{range $i, $what := .NotIn}}{{if $i}}; {{end}}{{$what}}{{end}}.</p>
<div class="figures">
{{with .RTO}}<div><b>{{printf "%.1f s" .FromOutage}}</b>RTO: from the outage to the first sale in us-west-1</div>
<div><b>{{printf "%.1f s" .FromCommand}}</b>of it from the command on</div>{{end}}
{{with .Losses}}{{with index . 0}}<div><b>{{len .Lost}} writes, {{.Milliseconds}} ms</b>RPO: lost of {{.Acknowledged}} acknowledged</div>{{end}}{{end}}
</div>
<h2>Sales per second</h2>
{{with .Chart}}<svg viewBox="0 0 {{.Width}} {{.Height}}" role="img" aria-label="Sales per second through outage, failover and failback">
<text x="0" y="110">{{.Highest}}</text><text x="0" y="260">0</text>
{{range .Bars}}<rect x="{{.X}}" y="{{.Y}}" width="4" height="{{.Height}}" fill="#2f6fb3"/>{{end}}
{{range .Marks}}<path d="M{{.X}} {{.Y}}V260" stroke="#b3402f"/><text x="{{.X}}" y="{{.Y}}" {{if .Left}}dx="-3" text-anchor="end"{{else}}dx="3"{{end}}>{{.Says}}</text>{{end}}
{{range .Seconds}}<text x="{{.X}}" y="278">{{.Second}} s</text>{{end}}
</svg>{{end}}
{{with .RTO}}<h2>What the recovery took</h2>
<table><tr><th>what<th class="n">after the outage<th class="n">after the one before
{{range .Steps}}<tr><td>{{.Says}}<td class="n">{{printf "%.1f s" .At}}<td class="n">{{printf "%.1f s" .Seconds}}{{end}}</table>{{end}}
<h2>Writes lost</h2>
<table><tr><th>move<th class="n">acknowledged<th class="n">lost<th class="n">of so long<th class="n">no write for
{{range .Losses}}<tr><td>{{.Move}}{{if .Lost}}<br><small>{{names .Lost}}</small>{{end}}<td class="n">{{.Acknowledged}}<td class="n">{{len .Lost}}<td class="n">{{.Milliseconds}} ms<td class="n">{{printf "%.1f s" .WriteOutage}}{{end}}</table>
<h2>The shopper</h2>
<div class="visits">{{range .Visits}}<figure>{{if .Picture}}<img src="{{picture .Picture}}" alt="The shop in {{.Region}}">{{end}}<figcaption>{{.Region}}, by {{.By}}. In the basket: {{range $i, $name := .Basket}}{{if $i}}, {{end}}{{$name}}{{end}}</figcaption></figure>{{end}}</div>
<h2>What AWS documents</h2>
<ul>{{range .Beside}}<li><a href="{{.Source}}">{{.Says}}</a>{{end}}</ul>
<h2>Timeline</h2>
<table><tr><th>began<th>what<th class="n">took
{{range .Timeline}}<tr><td>{{clock .At}}<td>{{.Says}}<td class="n">{{printf "%.1f s" .Seconds}}{{end}}</table>
</html>
`))
