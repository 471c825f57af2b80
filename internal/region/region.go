// Package region asks AWS what a deployed system looks like: who writes, how far the reader is behind, what each stack
// is, which image the pilot light would boot. It reads and changes nothing.
package region

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/aws/smithy-go"

	"unishop-pilot-light/internal/config"
)

// System is a deployed system, or what may become one.
type System struct {
	Names config.Names
	// Regions are the names of both sides' regions.
	Regions map[config.Side]string
	// AWS says how to reach it; its region is replaced by that of whatever is asked.
	AWS aws.Config
}

// In is AWS in the region of a side.
func (s System) In(side config.Side) aws.Config {
	c := s.AWS.Copy()
	c.Region = s.Regions[side]
	return c
}

// Database is the global database as one region sees it.
type Database struct {
	Status string
	// Writer is the side whose cluster writes; empty when there is none.
	Writer config.Side
	// Members says of each side's cluster that is a member whether it is connected, that is, not being resynchronised.
	Members map[config.Side]bool
	// Moving says that a failover or a switchover is under way.
	Moving bool
}

// Database asks a side's region about the global database.
func (s System) Database(ctx context.Context, from config.Side) (Database, error) {
	found, err := rds.NewFromConfig(s.In(from)).DescribeGlobalClusters(ctx, &rds.DescribeGlobalClustersInput{
		GlobalClusterIdentifier: aws.String(s.Names.GlobalCluster()),
	})
	if err != nil {
		return Database{}, err
	}
	if len(found.GlobalClusters) != 1 {
		return Database{}, fmt.Errorf("%d global clusters are called %s, where one is expected", len(found.GlobalClusters), s.Names.GlobalCluster())
	}
	global := found.GlobalClusters[0]
	database := Database{Status: aws.ToString(global.Status), Members: map[config.Side]bool{}, Moving: global.FailoverState != nil}
	for _, member := range global.GlobalClusterMembers {
		side, err := s.sideOf(aws.ToString(member.DBClusterArn))
		if err != nil {
			return Database{}, err
		}
		database.Members[side] = member.SynchronizationStatus != "pending-resync"
		if aws.ToBool(member.IsWriter) {
			database.Writer = side
		}
	}
	return database, nil
}

func (s System) sideOf(cluster string) (config.Side, error) {
	for side, region := range s.Regions {
		if strings.Contains(cluster, ":"+region+":") {
			return side, nil
		}
	}
	return "", fmt.Errorf("%s is in neither %s nor %s", cluster, s.Regions[config.Primary], s.Regions[config.Secondary])
}

// Lag is how far a side's cluster is behind the writer; nil when CloudWatch knows none, as of a writer.
func (s System) Lag(ctx context.Context, side config.Side) (*time.Duration, error) {
	now := time.Now()
	found, err := cloudwatch.NewFromConfig(s.In(side)).GetMetricStatistics(ctx, &cloudwatch.GetMetricStatisticsInput{
		Namespace:  aws.String("AWS/RDS"),
		MetricName: aws.String("AuroraGlobalDBReplicationLag"),
		Dimensions: []cwtypes.Dimension{{Name: aws.String("DBClusterIdentifier"), Value: aws.String(s.Names.Cluster(side))}},
		StartTime:  aws.Time(now.Add(-10 * time.Minute)),
		EndTime:    aws.Time(now),
		Period:     aws.Int32(60),
		Statistics: []cwtypes.Statistic{cwtypes.StatisticMaximum},
	})
	if err != nil || len(found.Datapoints) == 0 {
		return nil, err
	}
	newest := found.Datapoints[0]
	for _, point := range found.Datapoints {
		if point.Timestamp.After(*newest.Timestamp) {
			newest = point
		}
	}
	lag := time.Duration(*newest.Maximum * float64(time.Millisecond))
	return &lag, nil
}

// Stack is a side's stack. Its zero value is one that does not exist.
type Stack struct {
	ID, Status string
	// Outputs by name: WebsiteURL, DatabaseEndpoint, Role, LastRoleChange, and InstanceId while the side is active.
	Outputs map[string]string
}

// Stack asks about a side's stack.
func (s System) Stack(ctx context.Context, side config.Side) (Stack, error) {
	found, err := cloudformation.NewFromConfig(s.In(side)).DescribeStacks(ctx, &cloudformation.DescribeStacksInput{
		StackName: aws.String(s.Names.Stack(side)),
	})
	// CloudFormation has no separate error for a stack that is not there.
	var refused smithy.APIError
	if errors.As(err, &refused) && refused.ErrorCode() == "ValidationError" && strings.Contains(refused.ErrorMessage(), "does not exist") {
		return Stack{}, nil
	}
	if err != nil {
		return Stack{}, err
	}
	stack := Stack{ID: aws.ToString(found.Stacks[0].StackId), Status: string(found.Stacks[0].StackStatus), Outputs: map[string]string{}}
	for _, output := range found.Stacks[0].Outputs {
		stack.Outputs[aws.ToString(output.OutputKey)] = aws.ToString(output.OutputValue)
	}
	return stack, nil
}

// Image is the id of the golden image that the secondary would boot; empty when none has been published.
func (s System) Image(ctx context.Context) (string, error) {
	found, err := ssm.NewFromConfig(s.In(config.Secondary)).GetParameter(ctx, &ssm.GetParameterInput{
		Name: aws.String(s.Names.ImageParameter()),
	})
	if missing := (*ssmtypes.ParameterNotFound)(nil); errors.As(err, &missing) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return aws.ToString(found.Parameter.Value), nil
}
