package verdict

import (
	"fmt"
	"strings"
	"time"
)

// Loss is what a move has cost.
type Loss struct {
	Move         string  `json:"move"`
	Acknowledged int     `json:"acknowledged"` // writes that were looked for
	Lost         []Write `json:"lost"`
	// Milliseconds from the last write that survived an outage to the outage: the RPO as measured.
	Milliseconds int64 `json:"milliseconds"`
	// WriteOutage is the longest gap between acknowledged writes.
	WriteOutage Seconds `json:"writeOutage"`
	// Composed is the RPO for AWS: as measured, and AWS's own replication lag. 0 in a switchover, which loses nothing.
	Composed Seconds `json:"composed"`
}

func lossOf(e episode) Loss {
	found := Loss{Move: e.look.ID, Acknowledged: len(e.looked), Lost: []Write{}}
	for _, w := range e.looked {
		if e.lost[w.ID] {
			found.Lost = append(found.Lost, w)
		}
	}
	if !e.planned() {
		found.Milliseconds = unprotected(e.looked, e.lost, e.outage).Milliseconds()
		found.Composed = Seconds(found.Milliseconds)/1000 + replicationLag.Takes
	}
	found.WriteOutage = seconds(longestGap(e.writes, e.began()))
	return found
}

// IDs of the writes that are lost.
func (l Loss) IDs() string {
	var all []string
	for _, w := range l.Lost {
		all = append(all, w.ID)
	}
	return strings.Join(all, " ")
}

// judge holds the composed RPO of a failover against the objective.
func (l Loss) judge(objective time.Duration) Judgement {
	return Judgement{fmt.Sprintf("RPO of the %s, composed for AWS", l.Move), l.Composed, seconds(objective)}
}

// unprotected is the time before the outage of which nothing survived: none when nothing is lost.
func unprotected(looked []Write, lost map[string]bool, outage time.Time) time.Duration {
	if len(lost) == 0 {
		return 0
	}
	last := looked[0].At
	for _, w := range looked {
		if !lost[w.ID] && w.At.Before(outage) {
			last = w.At
		}
	}
	return max(0, outage.Sub(last))
}

// longestGap between acknowledged writes, from the last one before a moment on.
func longestGap(all []Write, from time.Time) (longest time.Duration) {
	for i := 1; i < len(all); i++ {
		if all[i].At.After(from) {
			longest = max(longest, all[i].At.Sub(all[i-1].At))
		}
	}
	return longest
}
