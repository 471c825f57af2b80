package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"

	"unishop-pilot-light/test/emulator"
)

// milestone is something that happened on the way from an outage to the first sale.
type milestone struct {
	says string
	at   time.Time
}

const (
	outageBegan  = "outage"
	commandTyped = "command typed"
	firstSale    = "first sale in us-west-1"
)

// rto is the way from an outage to the first sale in us-west-1, in seconds, and what came after it.
type rto struct {
	FromOutage  float64 `json:"fromOutage"`
	FromCommand float64 `json:"fromCommand"`
	Stages      []stage `json:"stages"`
}

// stage is a milestone in seconds.
type stage struct {
	Says   string  `json:"says"`
	After  float64 `json:"afterTheOutage"`
	Before float64 `json:"afterTheOneBefore"`
}

// note notes a milestone of a recovery, the first time.
func (m *measurement) note(says string) {
	m.lock.Lock()
	defer m.lock.Unlock()
	if m.outage.IsZero() {
		return // no recovery is going on
	}
	if !slices.ContainsFunc(m.milestones, func(known milestone) bool { return known.says == says }) {
		m.milestones = append(m.milestones, milestone{says, time.Now()})
	}
}

// happened notes an event of the emulator that the world has made real.
func (m *measurement) happened(event *emulator.Event) {
	if m == nil {
		return
	}
	switch {
	case event.Name == emulator.InstanceLaunched && event.Region == regions[secondary]:
		m.note("instance launched")
	case event.Name == emulator.WriterChanged && event.To.Region == regions[secondary]:
		m.note("database promoted")
	}
}

// fell notes an outage.
func (m *measurement) fell() {
	if m == nil {
		return
	}
	m.lock.Lock()
	defer m.lock.Unlock()
	m.outage = time.Now()
	m.marks = append(m.marks, m.outage)
	m.milestones = []milestone{{outageBegan, m.outage}}
}

// moving notes when the command of a move is typed.
func moving(do action) action {
	return func(ctx context.Context, d *Drill) error {
		m := d.measurement
		m.lock.Lock()
		m.typed = time.Now()
		m.marks = append(m.marks, m.typed)
		m.lock.Unlock()
		m.note(commandTyped)
		err := do(ctx, d)
		m.note("command done")
		return err
	}
}

// recovered adds what CloudFormation tells of the recovery when it is over, and keeps it for the report.
func recovered(ctx context.Context, d *Drill) error {
	m := d.measurement
	m.lock.Lock()
	steps := slices.Clone(m.milestones)
	m.lock.Unlock()
	asked, err := d.changeSetAskedFor(ctx, steps[0].at)
	if err != nil {
		return err
	}
	events, err := d.stackEvents(ctx, steps[0].at)
	if err != nil {
		return err
	}
	steps = append(append(steps, asked...), events...)
	slices.SortStableFunc(steps, func(a, b milestone) int { return a.at.Compare(b.at) })
	m.recovery, err = recoveryTime(steps)
	return err
}

// changeSetAskedFor is when the CDK CLI had synthesized the templates and asked us-west-1 for a change set. There is none
// since a moment when the move was made without the CDK.
func (d *Drill) changeSetAskedFor(ctx context.Context, since time.Time) ([]milestone, error) {
	found, err := cloudformation.NewFromConfig(d.system.In(secondary)).DescribeChangeSet(ctx, &cloudformation.DescribeChangeSetInput{
		StackName: aws.String(d.system.Names.Stack(secondary)), ChangeSetName: aws.String("cdk-deploy-change-set"),
	})
	if err != nil || aws.ToTime(found.CreationTime).Before(since) {
		return nil, err
	}
	return []milestone{{"templates synthesized, change set asked for", aws.ToTime(found.CreationTime)}}, nil
}

// stackEvents are the events of us-west-1's stack since a moment that a recovery waits for.
func (d *Drill) stackEvents(ctx context.Context, since time.Time) (found []milestone, err error) {
	stack := d.system.Names.Stack(secondary)
	pages := cloudformation.NewDescribeStackEventsPaginator(cloudformation.NewFromConfig(d.system.In(secondary)),
		&cloudformation.DescribeStackEventsInput{StackName: aws.String(stack)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, event := range page.StackEvents {
			at, complete := aws.ToTime(event.Timestamp), strings.HasSuffix(string(event.ResourceStatus), "E_COMPLETE")
			if at.Before(since) {
				return found, nil // the newest come first
			}
			switch kind := aws.ToString(event.ResourceType); {
			case aws.ToString(event.LogicalResourceId) == stack && event.ResourceStatus == "UPDATE_IN_PROGRESS":
				found = append(found, milestone{"stack update begun", at})
			case kind == "AWS::EC2::Instance" && complete:
				found = append(found, milestone{"instance complete: its signal was heard", at})
			case kind == "Custom::RegionRole" && complete:
				found = append(found, milestone{"role complete: the database can be written", at})
			}
		}
	}
	return found, nil
}

func recoveryTime(steps []milestone) (*rto, error) {
	after := func(says string) (float64, bool) {
		i := slices.IndexFunc(steps, func(s milestone) bool { return s.says == says })
		if i < 0 {
			return 0, false
		}
		return steps[i].at.Sub(steps[0].at).Seconds(), true
	}
	typed, _ := after(commandTyped)
	sold, ok := after(firstSale)
	if !ok {
		return nil, fmt.Errorf("no sale was made in %s", regions[secondary])
	}
	found := rto{FromOutage: sold, FromCommand: sold - typed}
	before := steps[0].at
	for _, s := range steps {
		found.Stages = append(found.Stages, stage{s.says, s.at.Sub(steps[0].at).Seconds(), s.at.Sub(before).Seconds()})
		before = s.at
	}
	return &found, nil
}
