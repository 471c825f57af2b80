// Package history records what happens in a drill: an append-only log of typed events. Clients, commands and outages
// append to it and judge nothing; everything that is known of a drill is worked out from it afterwards.
package history

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"
)

// Event is something that happened. Its kind says which of the fields are set.
type Event struct {
	At     time.Time `json:"at"`
	Kind   Kind      `json:"kind"`
	Region string    `json:"region,omitzero"` // that it happened in
	ID     string    `json:"id,omitzero"`     // of what it happened to
	Words  string    `json:"words,omitzero"`  // a sentence, a command
	Error  string    `json:"error,omitzero"`  // of what has ended; empty: it succeeded
	Visit  *Visit    `json:"visit,omitzero"`
}

// Visit is what a shopper saw at a site.
type Visit struct {
	Instance string   `json:"instance"`
	Basket   []string `json:"basket"` // names of the unicorns
	By       string   `json:"by"`     // what the shopper shops by
	Picture  []byte   `json:"picture,omitzero"`
}

// History is what has happened, in the order in which it was appended. Times need not ascend: some events are looked up
// later, with the time at which AWS says they happened.
type History []Event

// Of lists the events of some kinds.
func (h History) Of(kinds ...Kind) (found History) {
	for _, e := range h {
		if slices.Contains(kinds, e.Kind) {
			found = append(found, e)
		}
	}
	return found
}

// Latest is the last event of a kind that was appended; its zero value: there is none.
func (h History) Latest(kind Kind) Event {
	for _, e := range slices.Backward(h) {
		if e.Kind == kind {
			return e
		}
	}
	return Event{}
}

// Log is a history that grows. Many may append to it at once.
type Log struct {
	lock   sync.Mutex
	events History
	out    *json.Encoder
	err    error
}

// NewLog makes an empty log. Every event is also written to out at once, one JSON object a line.
func NewLog(out io.Writer) *Log { return &Log{out: json.NewEncoder(out)} }

// Append adds an event. An event without a time happened now.
func (l *Log) Append(e Event) {
	l.lock.Lock()
	defer l.lock.Unlock()
	if e.At.IsZero() {
		e.At = time.Now()
	}
	// As it is written, so that a stored history gives the same verdict as a living one.
	e.At = e.At.UTC().Truncate(time.Microsecond)
	l.events = append(l.events, e)
	if err := l.out.Encode(e); l.err == nil {
		l.err = err
	}
}

// History is what has happened so far.
func (l *Log) History() History {
	l.lock.Lock()
	defer l.lock.Unlock()
	return slices.Clip(l.events) // whoever appends to it, appends to a copy
}

// Err says why an event could not be written.
func (l *Log) Err() error {
	l.lock.Lock()
	defer l.lock.Unlock()
	return l.err
}

// Read reads a history that a log wrote.
func Read(in io.Reader) (found History, err error) {
	decoder := json.NewDecoder(in)
	decoder.DisallowUnknownFields()
	for {
		var e Event
		switch err := decoder.Decode(&e); {
		case errors.Is(err, io.EOF):
			return found, nil
		case err != nil:
			return nil, fmt.Errorf("event %d of the history: %w", len(found)+1, err)
		case !slices.Contains(kinds, e.Kind):
			return nil, fmt.Errorf("event %d of the history: kind %q is not known here: the history is of another version of the drill", len(found)+1, e.Kind)
		}
		found = append(found, e)
	}
}

// Reason is an error as an event has it.
func Reason(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
