package verdict

import "unishop-pilot-light/drill/history"

// Step is one step of a scenario.
type Step struct {
	Says  string  `json:"says"`
	Began Seconds `json:"began"` // after the drill
	Took  Seconds `json:"took"`
	Error string  `json:"error,omitzero"` // why it failed
}

func steps(h history.History) (found []Step) {
	for _, e := range h {
		switch e.Kind {
		case history.StepBegan:
			began := seconds(e.At.Sub(h[0].At))
			found = append(found, Step{Says: e.Words, Began: began, Took: seconds(h[len(h)-1].At.Sub(e.At)), Error: "the history ends in it"})
		case history.StepEnded:
			latest := &found[len(found)-1]
			latest.Took, latest.Error = seconds(e.At.Sub(h[0].At))-latest.Began, e.Error
		}
	}
	return found
}
