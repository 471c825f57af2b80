// Package preflight asks an AWS account whether a system can be deployed to it, before the first deployment. It only reads.
// Each subject has a file; checks.go is the table of all checks with what to do about a finding.
package preflight

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"unishop-pilot-light/internal/config"
)

// checkTimeout is many times what a check takes.
const checkTimeout = 30 * time.Second

// State of a check that was made, or was to be.
type State string

// The states.
const (
	OK         State = "ok"
	Found      State = "FINDING"
	NotChecked State = "-"     // another finding stands in the way
	Failed     State = "ERROR" // AWS gave no answer that says anything
)

// Result of one check in one region.
type Result struct {
	// Region is "account" when the check is of the whole account.
	Region, Check string
	State         State
	// Facts are what was found to be in order, why it was not checked, or the error.
	Facts string
	// Findings are what is not in order, and Advice what to do about it.
	Findings []string
	Advice   string
}

// Account is what is checked, and for what.
type Account struct {
	Config config.Config
	AWS    aws.Config // its region is replaced by that of whatever is asked
	Now    time.Time
	// Identity is what [Account.Identify] found out.
	Identity Identity
}

// place is one region of an account: what one check finds out, the next ones use.
type place struct {
	*Account
	config.Region
	aws aws.Config
	// zones are the two that the network will have.
	zones []string
	// vcpus of the server.
	vcpus int32
	// deployed: the region's stack exists, and its names belong to it.
	deployed bool

	facts    string
	findings []string
	advice   string // in the place of the check's own
	states   map[string]State
	denied   map[string]bool
}

// note says what is in order.
func (p *place) note(format string, values ...any) { p.facts = fmt.Sprintf(format, values...) }

// found reports what is not in order.
func (p *place) found(format string, values ...any) {
	p.findings = append(p.findings, fmt.Sprintf(format, values...))
}

// Run makes every check, the first region first, and reports each as soon as it is made.
func (a *Account) Run(ctx context.Context, report func(Result)) (all []Result) {
	for _, region := range []config.Region{a.Config.Primary, a.Config.Secondary} {
		p := &place{Account: a, Region: region, aws: a.In(region.Name), states: map[string]State{}, denied: map[string]bool{}}
		for _, c := range checks {
			if !c.concerns(region.Side, a.Config) {
				continue
			}
			made := p.make(ctx, c)
			p.states[c.name] = made.State
			report(made)
			all = append(all, made)
		}
	}
	return all
}

// concerns says whether a check is made in a side's region.
func (c check) concerns(side config.Side, cfg config.Config) bool {
	if c.when != nil && !c.when(cfg) {
		return false
	}
	return c.only == "" && (!c.whole || side == config.Primary) || c.only == side
}

// In is AWS in a region.
func (a *Account) In(region string) aws.Config {
	c := a.AWS.Copy()
	c.Region = region
	return c
}

// make makes one check.
func (p *place) make(ctx context.Context, c check) Result {
	made := Result{Region: p.Name, Check: c.name}
	if c.whole {
		made.Region = "account"
	}
	for _, needed := range c.needs {
		if p.states[needed] != OK {
			made.State, made.Facts = NotChecked, "not checked, see: "+needed
			return made
		}
	}
	ctx, cancel := context.WithTimeoutCause(ctx, checkTimeout, errors.New("AWS has given no answer within "+checkTimeout.String()))
	defer cancel()
	p.facts, p.findings, p.advice = "", nil, c.advice
	if err := c.ask(ctx, p); err != nil {
		return p.failed(ctx, made, err)
	}
	made.State, made.Facts = OK, p.facts
	if len(p.findings) > 0 {
		made.State, made.Findings, made.Advice = Found, p.findings, p.fill(p.advice)
	}
	return made
}

// failed distinguishes a missing permission, which is a finding, once for each action, from everything else.
func (p *place) failed(ctx context.Context, made Result, err error) Result {
	action, denied := missingPermission(err)
	switch {
	case denied && p.denied[action]:
		made.State, made.Facts = NotChecked, "not checked, see: the permission "+action
	case denied:
		p.denied[action] = true
		made.State, made.Advice = Found, permissionAdvice
		made.Findings = []string{"not checked: these credentials may not " + action}
	case ctx.Err() != nil:
		made.State, made.Facts = Failed, context.Cause(ctx).Error()
	default:
		made.State, made.Facts = Failed, oneLine(err)
	}
	return made
}

// fill puts what a region is called into an advice.
func (p *place) fill(advice string) string {
	return strings.NewReplacer("{region}", p.Name, "{side}", string(p.Side), "{stack}", p.Config.Names.Stack(p.Side),
		"{account}", p.Identity.Account, "{secret}", p.Config.Names.Secret(), "{name}", string(p.Config.Names),
		"{parameter}", p.Config.Names.ImageParameter(), "{bootstrap}", p.bootstrapVersion()).Replace(advice)
}

// Count says how many results have one of the states.
func Count(all []Result, states ...State) (count int) {
	for _, r := range all {
		if slices.Contains(states, r.State) {
			count++
		}
	}
	return count
}

func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }
