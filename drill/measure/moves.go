package measure

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"unishop-pilot-light/drill/history"
	"unishop-pilot-light/drill/stage"
	"unishop-pilot-light/internal/config"
)

// Moving has an operator move the system to the other region.
func Moving(do stage.Action) stage.Action {
	return func(ctx context.Context, d *stage.Drill) error {
		d.History.Append(history.Event{Kind: history.MoveBegan})
		err := do(ctx, d)
		d.History.Append(history.Event{Kind: history.MoveEnded, Error: history.Reason(err)})
		return err
	}
}

// lookUpMove adds to the history what CloudFormation says of a side's stack since the latest move began.
func lookUpMove(ctx context.Context, d *stage.Drill, side config.Side) error {
	since := d.History.History().Latest(history.MoveBegan).At
	found, err := changeSetAskedFor(ctx, d, side, since)
	if err != nil {
		return err
	}
	events, err := stackEvents(ctx, d, side, since)
	for _, e := range append(found, events...) {
		e.Region, e.ID = stage.Regions[side], d.System.Names.Stack(side)
		d.History.Append(e)
	}
	return err
}

// changeSetAskedFor is when the CDK CLI had synthesized the templates and asked for a change set. There is none since a
// moment when the move was made without the CDK.
func changeSetAskedFor(ctx context.Context, d *stage.Drill, side config.Side, since time.Time) (history.History, error) {
	found, err := cloudformation.NewFromConfig(d.System.In(side)).DescribeChangeSet(ctx, &cloudformation.DescribeChangeSetInput{
		StackName: aws.String(d.System.Names.Stack(side)), ChangeSetName: aws.String("cdk-deploy-change-set"),
	})
	if missing := (*types.ChangeSetNotFoundException)(nil); errors.As(err, &missing) {
		return nil, nil // the latest deployment had nothing to change
	}
	if err != nil || aws.ToTime(found.CreationTime).Before(since) {
		return nil, err
	}
	return history.History{{At: aws.ToTime(found.CreationTime), Kind: history.ChangeSetAskedFor}}, nil
}

// stackEvents are the events of a side's stack since a moment that a recovery waits for.
func stackEvents(ctx context.Context, d *stage.Drill, side config.Side, since time.Time) (found history.History, err error) {
	stack := d.System.Names.Stack(side)
	pages := cloudformation.NewDescribeStackEventsPaginator(cloudformation.NewFromConfig(d.System.In(side)),
		&cloudformation.DescribeStackEventsInput{StackName: aws.String(stack)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, event := range page.StackEvents {
			at := aws.ToTime(event.Timestamp)
			if at.Before(since) {
				return found, nil // the newest come first
			}
			if kind := kindOf(event, stack); kind != "" {
				found = append(found, history.Event{At: at, Kind: kind})
			}
		}
	}
	return found, nil
}

// kindOf is empty for what no recovery waits for.
func kindOf(event types.StackEvent, stack string) history.Kind {
	complete := strings.HasSuffix(string(event.ResourceStatus), "E_COMPLETE")
	switch kind := aws.ToString(event.ResourceType); {
	case aws.ToString(event.LogicalResourceId) == stack && event.ResourceStatus == types.ResourceStatusUpdateInProgress:
		return history.StackUpdateBegan
	case kind == "AWS::EC2::Instance" && complete:
		return history.InstanceComplete
	case kind == "Custom::RegionRole" && complete:
		return history.RoleComplete
	case kind == "Custom::RegionRole" && event.ResourceStatus == types.ResourceStatusUpdateInProgress:
		return history.RoleBegan
	}
	return ""
}
