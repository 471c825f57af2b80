package sandbox

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"text/tabwriter"

	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"unishop-pilot-light/drill/stage"
	"unishop-pilot-light/internal/config"
)

// rows of the table, and what finds what stands in each.
var rows = []struct {
	name string
	find func(*sandbox, context.Context, config.Side) (string, error)
}{
	{"role", (*sandbox).role}, {"database", (*sandbox).database}, {"instance", (*sandbox).instance},
	{"image", (*sandbox).image}, {"site", (*sandbox).site},
}

// status is what each region is, seen from that region.
func (s *sandbox) status(ctx context.Context, words []string) (string, error) {
	if len(words) > 0 {
		return "", fmt.Errorf("%q is not allowed: type status alone", strings.Join(words, " "))
	}
	var text bytes.Buffer
	table := tabwriter.NewWriter(&text, 0, 0, 3, ' ', 0)
	fmt.Fprintf(table, "\t%s\t%s\n", stage.Regions[config.Primary], stage.Regions[config.Secondary])
	fmt.Fprintf(table, "outage\t%s\t%s\n", s.outageOf(config.Primary), s.outageOf(config.Secondary))
	for _, row := range rows {
		fmt.Fprint(table, row.name)
		for _, side := range sides {
			found := "no answer"
			if !s.drill.Down[side] {
				var err error
				if found, err = row.find(s, ctx, side); err != nil {
					found = "unknown: " + stage.LastLines(err.Error(), 1)
				}
			}
			fmt.Fprint(table, "\t", found)
		}
		fmt.Fprintln(table)
	}
	if err := table.Flush(); err != nil {
		return "", err
	}
	return text.String() + "\n" + s.addresses(ctx), nil
}

func (s *sandbox) outageOf(side config.Side) string {
	if s.outage == nil || s.outage.side != side {
		return "none"
	}
	return s.outage.kind
}

func (s *sandbox) role(ctx context.Context, side config.Side) (string, error) {
	stack, err := s.drill.System.Stack(ctx, side)
	if err != nil || stack.ID == "" {
		return "no stack", err
	}
	return strings.TrimSpace(stack.Outputs["Role"] + " " + stack.Status), nil
}

func (s *sandbox) database(ctx context.Context, side config.Side) (string, error) {
	found, err := s.drill.System.Database(ctx, side)
	if missing := (*types.GlobalClusterNotFoundFault)(nil); errors.As(err, &missing) {
		return "none", nil
	}
	if err != nil {
		return "", err
	}
	connected, member := found.Members[side]
	switch {
	case found.Moving:
		return "moving", nil
	case found.Writer == side:
		return "writer", nil
	case !member:
		return "not in the global database", nil
	case !connected:
		return "reader, being resynchronised", nil
	}
	return "reader", nil
}

// instance says of each how its shop answers.
func (s *sandbox) instance(ctx context.Context, side config.Side) (string, error) {
	var found []string
	for _, machine := range s.drill.World.Machines(stage.Regions[side]) {
		found = append(found, machine.Instance+" "+s.health(ctx, machine.PublicDNSName))
	}
	return orNone(found), nil
}

func (s *sandbox) health(ctx context.Context, host string) string {
	response, err := s.get(ctx, "http://"+host+"/health/ishealthy")
	if err != nil {
		return "does not answer"
	}
	defer response.Body.Close()
	var health struct{ Database string }
	if err := json.NewDecoder(response.Body).Decode(&health); response.StatusCode != http.StatusOK || err != nil {
		return fmt.Sprintf("unhealthy (%d)", response.StatusCode)
	}
	return "healthy, database " + health.Database
}

// image that the instance was launched from, or else that the standby would launch one from.
func (s *sandbox) image(ctx context.Context, side config.Side) (string, error) {
	var found []string
	for _, machine := range s.drill.World.Machines(stage.Regions[side]) {
		found = append(found, machine.Image)
	}
	if len(found) > 0 || side == config.Primary {
		return orNone(found), nil
	}
	published, err := s.drill.System.Image(ctx)
	if published == "" {
		return "none", err
	}
	return published + ", published", err
}

func orNone(found []string) string {
	if len(found) == 0 {
		return "none"
	}
	return strings.Join(found, "; ")
}

func (s *sandbox) site(ctx context.Context, side config.Side) (string, error) {
	stack, err := s.drill.System.Stack(ctx, side)
	if err != nil || stack.Outputs["WebsiteURL"] == "" {
		return "none", err
	}
	response, err := s.get(ctx, stack.Outputs["WebsiteURL"])
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Sprintf("not served (%d)", response.StatusCode), nil
	}
	return "served", nil
}

func (s *sandbox) get(ctx context.Context, address string) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	return s.client.Do(request)
}

// addresses of both sites, one a line.
func (s *sandbox) addresses(ctx context.Context) string {
	var text strings.Builder
	for _, side := range sides {
		if !s.drill.Down[side] {
			if stack, err := s.drill.System.Stack(ctx, side); err == nil {
				s.sites[side] = stack.Outputs["WebsiteURL"]
			}
		}
		fmt.Fprintf(&text, "  %s  %s\n", stage.Regions[side], cmp.Or(s.sites[side], "no site"))
	}
	return text.String()
}
