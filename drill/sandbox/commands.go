package sandbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"unishop-pilot-light/drill/do"
	"unishop-pilot-light/drill/stage"
	"unishop-pilot-light/internal/config"
)

// commands of the shell, by name. Each returns what is to be printed.
var commands = map[string]func(*sandbox, context.Context, []string) (string, error){
	"outage": (*sandbox).begin, "recover": (*sandbox).recover, "status": (*sandbox).status,
}

// command does one at a time.
func (s *sandbox) command(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, "/")
	text, err := io.ReadAll(r.Body)
	if err != nil || commands[name] == nil {
		http.Error(w, "sandbox: no command "+name, http.StatusNotFound)
		return
	}
	s.lock.Lock()
	defer s.lock.Unlock()
	said, err := commands[name](s, s.ctx, strings.Fields(string(text)))
	if err != nil {
		_, _ = fmt.Fprintf(w, "1\n%s: %s\n", name, err)
		return
	}
	_, _ = fmt.Fprintf(w, "0\n%s", said)
}

// outage of a side's region, or only of its site.
type outage struct {
	side config.Side
	kind string // "region" or "site"
}

func (o outage) String() string {
	if o.kind == "site" {
		return stage.Regions[o.side] + " has its site blocked for the public"
	}
	return stage.Regions[o.side] + " has an outage"
}

// begin begins an outage: one at a time, which is what the drill knows.
func (s *sandbox) begin(ctx context.Context, words []string) (string, error) {
	kind := strings.Join(words, " ")
	if kind == "" {
		kind = "region"
	}
	if kind != "region" && kind != "site" {
		return "", fmt.Errorf("%q is not allowed: use region, for the whole of the active region, or site, for its site alone", kind)
	}
	if s.outage != nil {
		return "", fmt.Errorf("%s already: type recover first", s.outage)
	}
	writer, err := s.writer(ctx)
	if err != nil {
		return "", err
	}
	fails := outage{writer, kind}
	if kind == "site" {
		err = do.BlockSite(fails.side, true)(ctx, s.drill)
	} else {
		err = do.TakeDown(fails.side)(ctx, s.drill)
	}
	if err != nil {
		return "", err
	}
	s.outage = &fails
	return fmt.Sprintf("%s. To fail over:\n%s", fails, failover(fails.side.Other())), nil
}

// writer is the side that is active: the stacks of both may say so while a lost region returns, but only one writes.
func (s *sandbox) writer(ctx context.Context) (config.Side, error) {
	database, err := s.drill.System.Database(ctx, config.Secondary)
	if missing := (*types.GlobalClusterNotFoundFault)(nil); errors.As(err, &missing) || err == nil && database.Writer == "" {
		return "", errors.New("no region is active: type npx cdk deploy --all first")
	}
	return database.Writer, err
}

// failover is what README has for a failover to a side.
func failover(to config.Side) string {
	target := ""
	if to == config.Primary {
		target = " TO=primary"
	}
	return fmt.Sprintf("  make failover%s\n  AWS_REGION=%s npx cdk deploy %s -c failover=%s\n",
		target, stage.Regions[to], stage.Declared.Names.Stack(to), config.FailoverTo[to])
}

// recover ends the outage.
func (s *sandbox) recover(ctx context.Context, words []string) (string, error) {
	if len(words) > 0 {
		return "", fmt.Errorf("%q is not allowed: type recover alone", strings.Join(words, " "))
	}
	if s.outage == nil {
		return "", errors.New("there is no outage: type outage to begin one")
	}
	ended := *s.outage
	region := stage.Regions[ended.side]
	if ended.kind == "site" {
		stack, err := s.drill.System.Stack(ctx, ended.side)
		if err == nil && stack.ID != "" { // or the site has gone with its stack
			err = do.BlockSite(ended.side, false)(ctx, s.drill)
		}
		if err != nil {
			return "", err
		}
		s.outage = nil
		return region + " has its site public again.\n", nil
	}
	if err := do.BringBack(ended.side)(ctx, s.drill); err != nil {
		return "", err
	}
	s.outage = nil
	return region + " is back. After a failover its database is resynchronised first: type status to see when it is a reader.\n", nil
}
