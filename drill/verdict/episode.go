package verdict

import (
	"time"

	"unishop-pilot-light/drill/history"
)

// Write is what a shop has acknowledged: a customer who signed up.
type Write struct {
	ID     string    `json:"id"`
	Region string    `json:"region"` // of the shop that acknowledged it
	At     time.Time `json:"at"`     // of the acknowledgement
}

// episode is what happens from one look for the acknowledged writes to the next: perhaps an outage, and a move.
type episode struct {
	outage time.Time       // zero: there was none, so the move was planned
	moved  time.Time       // when the first command of the move was typed
	look   history.Event   // names the move and the region that it led to
	writes []Write         // all that were acknowledged before the look
	looked []Write         // those of them that were looked for
	lost   map[string]bool // IDs of those that the shop does not know
	events history.History // from the outage or the command on, up to the next move
}

func (e episode) planned() bool { return e.outage.IsZero() }

// began is when the writes that the episode may cost began to be at risk.
func (e episode) began() time.Time {
	if e.planned() {
		return e.moved
	}
	return e.outage
}

// LookedFor are the writes that the latest look is for: all that were acknowledged since the one before.
func LookedFor(h history.History) []Write {
	_, latest := divide(h)
	return latest.looked
}

// episodes are those whose look has ended.
func episodes(h history.History) []episode {
	ended, _ := divide(h)
	for i := range ended {
		ended[i].events = upToNextMove(h, ended[i].began())
	}
	return ended
}

// divide divides a history into episodes. The last one has not ended.
func divide(h history.History) (ended []episode, now episode) {
	var writes []Write
	checked := 0
	now = episode{lost: map[string]bool{}}
	for _, e := range h {
		switch e.Kind {
		case history.WriteAcknowledged:
			writes = append(writes, Write{e.ID, e.Region, e.At})
		case history.OutageBegan:
			now.outage, now.moved = e.At, time.Time{}
		case history.MoveBegan:
			if now.moved.IsZero() {
				now.moved = e.At
			}
		case history.LookBegan:
			now.look, now.writes, now.looked = e, writes, writes[checked:]
		case history.WriteLost:
			now.lost[e.ID] = true
		case history.LookEnded:
			checked, ended = len(now.writes), append(ended, now)
			now = episode{lost: map[string]bool{}}
		}
	}
	return ended, now
}

// upToNextMove are the events since a moment, up to the first move after the one that succeeded. What AWS says afterwards
// about that time is among them.
func upToNextMove(h history.History, since time.Time) (found history.History) {
	moved := false
	for _, e := range h {
		if e.At.Before(since) {
			continue
		}
		if moved && e.Kind == history.MoveBegan {
			break
		}
		moved = moved || e.Kind == history.MoveEnded && e.Error == ""
		found = append(found, e)
	}
	return found
}
