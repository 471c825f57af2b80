// Package verdict works out from a history what happened in a drill, and judges it: pure functions, which can be run again on
// any stored history. The RTO is worked out and judged in rto.go, the RPO in rpo.go; aws.go has the figures that AWS
// publishes.
package verdict

import (
	"errors"
	"fmt"
	"time"

	"unishop-pilot-light/drill/history"
)

// Objectives that a drill is judged by.
type Objectives struct{ RTO, RPO time.Duration }

// Verdict is what a history says.
type Verdict struct {
	Scenario   string      `json:"scenario"`
	Says       string      `json:"says"`
	Steps      []Step      `json:"timeline"`
	Recoveries []Recovery  `json:"recoveries"`
	Losses     []Loss      `json:"losses"`
	Judgements []Judgement `json:"judgements"`
}

// Judgement holds one figure against its limit.
type Judgement struct {
	Says  string  `json:"says"`
	Found Seconds `json:"found"`
	Limit Seconds `json:"limit"`
}

// Missed is by how much; 0 or less: the limit is kept, with so much to spare.
func (j Judgement) Missed() Seconds { return j.Found - j.Limit }

// Spare is what the limit leaves.
func (j Judgement) Spare() Seconds { return j.Limit - j.Found }

// Seconds is a length of time.
type Seconds float64

func seconds(d time.Duration) Seconds { return Seconds(d.Seconds()) }

// String is precise to a tenth of a second.
func (s Seconds) String() string { return fmt.Sprintf("%.1f s", float64(s)) }

// Of judges a history.
func Of(h history.History, o Objectives) Verdict {
	began := h.Latest(history.DrillBegan)
	v := Verdict{Scenario: began.ID, Says: began.Words, Steps: steps(h)}
	for _, e := range episodes(h) {
		loss := lossOf(e)
		v.Losses = append(v.Losses, loss)
		if e.planned() {
			v.Judgements = append(v.Judgements, writeOutage(loss))
			continue
		}
		recovery := recoveryOf(e)
		v.Recoveries = append(v.Recoveries, recovery)
		v.Judgements = append(v.Judgements, recovery.judge(o.RTO), ownShare(recovery), loss.judge(o.RPO))
	}
	return v
}

// Err says what went wrong: the step that failed, and every limit that was missed, by how much.
func (v Verdict) Err() error {
	var wrong []error
	for _, s := range v.Steps {
		if s.Error != "" {
			wrong = append(wrong, fmt.Errorf("%q: %s", s.Says, s.Error))
		}
	}
	for _, r := range v.Recoveries {
		if len(r.Lacks) > 0 {
			wrong = append(wrong, fmt.Errorf("RTO of the %s: nothing can be composed without the events %v in %s", r.Move, r.Lacks, r.Region))
		}
	}
	for _, j := range v.Judgements {
		if j.Missed() > 0 {
			wrong = append(wrong, fmt.Errorf("%s: %s, which is %s more than %s", j.Says, j.Found, j.Missed(), j.Limit))
		}
	}
	return errors.Join(wrong...)
}
