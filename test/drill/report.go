package main

import (
	_ "embed"
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
	Says     string        `json:"says"`
	Timeline []moment      `json:"timeline"`
	RTO      *rto          `json:"rto,omitempty"`
	Losses   []loss        `json:"losses"`
	Visits   []visited     `json:"visits"`
	Sales    []int         `json:"salesPerSecond"`
	Chart    template.HTML `json:"-"`
	NotIn    []string      `json:"notIncluded"`
	Beside   []published   `json:"documentedByAWS"`
}

// moment is a step of the story.
type moment struct {
	Says  string  `json:"says"`
	Began float64 `json:"began"` // seconds since the drill began
	Took  float64 `json:"took"`  // seconds
}

// published is what AWS says of the same.
type published struct {
	Says   string `json:"says"`
	Source string `json:"source"`
}

var notIncluded = []string{
	"Aurora's own promotion", "the launch of an EC2 instance", "the first boot from a cold snapshot",
	"the compilation of the CDK program by go run",
}

const (
	aurora           = "https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-global-database.html"
	disasterRecovery = "https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-global-database-disaster-recovery.html"
	reliability      = "https://docs.aws.amazon.com/wellarchitected/latest/reliability-pillar/rel_planning_for_recovery_disaster_recovery.html"
)

var documented = []published{
	{"Pilot light: an RPO of minutes, an RTO of tens of minutes", reliability},
	{"Aurora Global Database: an RTO in the order of minutes", disasterRecovery},
	{"A failover: an RPO of seconds, typically; the secondary is the writer within a few minutes, typically", disasterRecovery},
	{"A switchover: an RPO of 0", disasterRecovery},
	{"Replication: a lag of under a second, typically", aurora},
}

// report tells what was measured, and for the story keeps it as JSON and as a page.
func (d *Drill) report(s scenario, tell *narrator) error {
	m := d.measurement
	if m == nil {
		return nil
	}
	m.lock.Lock()
	defer m.lock.Unlock()
	t := told{Says: s.says, RTO: m.recovery, Losses: m.losses, Visits: m.visits,
		Sales: perSecond(m.sales, m.began), NotIn: notIncluded, Beside: documented}
	for _, x := range tell.told {
		t.Timeline = append(t.Timeline, moment{x.says, x.after.Seconds(), x.took.Seconds()})
	}
	tellMeasured(tell, t)
	if s.name != "story" {
		return nil
	}
	var err error
	if t.Chart, err = draw(t.Sales, marked(tell, m.marks, m.began)); err != nil {
		return err
	}
	if err := t.keep(filepath.Join(d.root, ".cache", "drill")); err != nil {
		return err
	}
	fmt.Fprintln(tell.out, "report: .cache/drill/report.html and report.json")
	return nil
}

// keep writes the reports to a folder.
func (t told) keep(folder string) error {
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
	var html strings.Builder
	if err := htmlPage.Execute(&html, t); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, "report.html"), []byte(html.String()), 0o644)
}

func tellMeasured(tell *narrator, t told) {
	fmt.Fprintln(tell.out, "\nMeasured in this drill")
	if len(t.Visits) > 0 {
		fmt.Fprintf(tell.out, "the shopper shops by %s\n", t.Visits[0].By)
	}
	if t.RTO != nil {
		fmt.Fprintf(tell.out, "RTO: first sale in us-west-1 %.1f s after the outage, %.1f s after the command\n", t.RTO.FromOutage, t.RTO.FromCommand)
		for _, s := range t.RTO.Stages {
			fmt.Fprintf(tell.out, "  %6.1f s  %s\n", s.After, s.Says)
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

//go:embed report.html
var page string

var htmlPage = template.Must(template.New("report").Funcs(template.FuncMap{
	"clock":    func(seconds float64) string { return clock(time.Duration(seconds * float64(time.Second))) },
	"names":    names,
	"sentence": func(says string) string { return strings.ToUpper(says[:1]) + says[1:] + "." },
	"picture": func(png []byte) template.URL {
		return template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(png))
	},
}).Parse(page))
