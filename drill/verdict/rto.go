package verdict

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"unishop-pilot-light/drill/history"
)

// Recovery is the way from an outage to the first purchase in the other region, and what came after it.
type Recovery struct {
	Move   string `json:"move"`
	Region string `json:"region"` // that the shop recovers in
	// FromOutage and FromCommand are the RTO as measured in the drill.
	FromOutage  Seconds `json:"fromOutage"`
	FromCommand Seconds `json:"fromCommand"`
	// Composed is the RTO for AWS, from the outage: computed from the drill's stages and AWS's waits, not measured.
	Composed Seconds `json:"composed"`
	Stages   []Stage `json:"stages"`
	// Lacks names the events without which nothing can be composed.
	Lacks []history.Kind `json:"lacks,omitzero"`
}

// Stage is something that happened on the way.
type Stage struct {
	Says     string  `json:"says"`
	After    Seconds `json:"afterTheOutage"`
	Before   Seconds `json:"afterTheOneBefore"`
	Composed Seconds `json:"composed"` // after the outage, on AWS
}

// stages of a recovery as people know them. Each is the first event of its kind.
var stages = map[history.Kind]string{
	history.OutageBegan:       "outage",
	history.MoveBegan:         "command typed",
	history.ChangeSetAskedFor: "templates synthesized, change set asked for",
	history.StackUpdateBegan:  "stack update begun",
	history.InstanceLaunched:  "instance launched",
	history.ShopHealthy:       "shop healthy",
	history.RoleBegan:         "role begun",
	history.DatabasePromoted:  "database promoted",
	history.PageOpened:        "site published",
	history.Purchased:         "first purchase in %s",
	history.InstanceComplete:  "instance complete: CloudFormation has its signal",
	history.RoleComplete:      "role complete: the database can be written",
	history.MoveEnded:         "command done",
}

// needed are the stages that an RTO is made of.
var needed = []history.Kind{history.MoveBegan, history.InstanceLaunched, history.ShopHealthy, history.DatabasePromoted, history.Purchased}

func recoveryOf(e episode) Recovery {
	order, reached := stagesOf(e)
	found := Recovery{Move: e.look.ID, Region: e.look.Region}
	for _, kind := range needed {
		if !slices.Contains(order, kind) {
			found.Lacks = append(found.Lacks, kind)
		}
	}
	found.FromOutage = reached[history.Purchased]
	found.FromCommand = found.FromOutage - reached[history.MoveBegan]
	found.Composed = found.FromOutage + reached.waits(history.Purchased)
	before := Seconds(0)
	for _, kind := range order {
		after := reached[kind]
		says := strings.ReplaceAll(stages[kind], "%s", found.Region)
		found.Stages = append(found.Stages, Stage{says, after, after - before, after + reached.waits(kind)})
		before = after
	}
	return found
}

// stagesOf lists the stages of a recovery in the order in which they were reached, and says when, after the outage.
func stagesOf(e episode) (order []history.Kind, reached times) {
	events := slices.Clone(e.events)
	slices.SortStableFunc(events, func(a, b history.Event) int { return a.At.Compare(b.At) })
	reached = times{}
	for _, event := range events {
		_, seen := reached[event.Kind]
		_, known := stages[event.Kind]
		anywhere := event.Kind == history.OutageBegan || event.Kind == history.MoveBegan || event.Kind == history.MoveEnded
		if known && !seen && (anywhere || event.Region == e.look.Region) {
			order, reached[event.Kind] = append(order, event.Kind), seconds(event.At.Sub(e.outage))
		}
	}
	return order, reached
}

// times are when stages were reached, after the outage.
type times map[history.Kind]Seconds

// waits is how much later than in the drill a stage would be reached on AWS. The instance and the database wait side by
// side, unless one of them began when the other one was done; what comes after both waits for the slower one.
func (t times) waits(kind history.Kind) Seconds {
	var instance, database Seconds // when they begin
	if t[history.InstanceLaunched] >= t[history.DatabasePromoted] {
		instance = promotion.Takes
	}
	if t[history.RoleBegan] >= t[history.ShopHealthy] {
		database = launch.Takes + firstRead.Takes
	}
	switch kind {
	case history.OutageBegan, history.MoveBegan, history.ChangeSetAskedFor, history.StackUpdateBegan:
		return 0
	case history.InstanceLaunched:
		return instance + launch.Takes
	case history.ShopHealthy:
		return instance + launch.Takes + firstRead.Takes
	case history.RoleBegan:
		return database
	case history.DatabasePromoted, history.RoleComplete:
		return database + promotion.Takes
	}
	healthy, promoted := t[history.ShopHealthy], t[history.DatabasePromoted]
	both := max(healthy+t.waits(history.ShopHealthy), promoted+t.waits(history.DatabasePromoted))
	return both - max(healthy, promoted)
}

// judge holds the composed RTO against the objective.
func (r Recovery) judge(objective time.Duration) Judgement {
	return Judgement{fmt.Sprintf("RTO of the %s, composed for AWS", r.Move), r.Composed, seconds(objective)}
}
