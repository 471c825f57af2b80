package emulator

import (
	"context"
	"net/http"
	"time"
)

// Fault is something that goes wrong with calls to AWS: of a region, and of what else is named of service, actions and
// caller. It is over after so many calls, or so long, whichever comes first, or when the faults are set anew.
type Fault struct {
	Region string
	// Service as in a signature: "rds", "cloudformation", "monitoring" for CloudWatch; or [CustomResourceAnswers]. Empty:
	// every service.
	Service string
	// Actions by their names in IAM: "FailoverGlobalCluster". None: every action.
	Actions []string
	// Caller whose calls it concerns. Empty: everyone but Go programs like this one, whose own look-ups go on.
	Caller Caller
	Answer Answer
	// Calls and For, which counts from the first call that meets it, limit it; zero: they do not.
	Calls int
	For   time.Duration
}

// CustomResourceAnswers is the service that takes the answers of custom resources' functions. One that is not taken,
// [Unavailable], is lost: CloudFormation waits for it until the resource's ServiceTimeout.
const CustomResourceAnswers = "custom-resource-answer"

// Caller is who makes a call, as a part of its User-Agent.
type Caller string

// Callers. The User-Agent of its SDK shows which one it is.
const (
	Functions      Caller = "exec-env/AWS_Lambda_"
	CDK            Caller = "aws-cdk/"
	AWSCLI         Caller = "aws-cli/" // of people and machines
	Machines       Caller = "app/i-"
	CloudFormation Caller = "cloudformation.amazonaws.com" // on behalf of a stack
)

// Answer is what a call gets that meets a fault.
type Answer string

// Answers.
const (
	Throttled   Answer = "Throttling"         // in the service's own words; SDKs try again
	Unavailable Answer = "ServiceUnavailable" // with status 503; SDKs try again
	Denied      Answer = "AccessDenied"
	Hangs       Answer = "Hang" // none, until the caller has had enough
	Lost        Answer = "Lose" // none: the call is carried out, and the connection breaks
)

// drills are left alone by a fault that names no caller.
const drills = "aws-sdk-go"

// SetFaults sets which faults there are; none ends them all. A call meets the first that concerns it.
func (e *Emulator) SetFaults(ctx context.Context, faults ...Fault) error {
	asked := []map[string]any{}
	for _, f := range faults {
		fault := map[string]any{"region": f.Region, "service": f.Service, "caller": f.Caller, "answer": f.Answer,
			"calls": f.Calls, "seconds": f.For.Seconds()}
		if len(f.Actions) > 0 {
			fault["actions"] = f.Actions
		}
		if f.Caller == "" {
			fault["except"] = drills
		}
		asked = append(asked, fault)
	}
	return e.request(ctx, http.MethodPost, "/_taught/faults", asked, nil)
}

// FaultsMet says how many calls have met each of the faults. A scenario whose fault no call has met proves nothing.
func (e *Emulator) FaultsMet(ctx context.Context) (met []int, err error) {
	return met, e.request(ctx, http.MethodGet, "/_taught/faults", nil, &met)
}
