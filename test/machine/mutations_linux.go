package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cftypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

const (
	shopUnit  = "etc/systemd/system/unishop.service"
	siteUnit  = "etc/systemd/system/unishop-site.service"
	agentUnit = "etc/systemd/system/amazon-cloudwatch-agent.service.d/unishop.conf"
)

// mutation is a mistake in a unit, and what must find it.
type mutation struct {
	says          string
	unit, old, by string                                         // in the unit, old is replaced
	check         func(context.Context, *system, *machine) error // must fail; nil: the instance must not come up
}

// mutations are made on a machine beside the first one, whose site it is to publish.
var mutations = []mutation{
	{"PrivateUsers=yes on the shop", shopUnit, "PrivateDevices=yes", "PrivateDevices=yes\nPrivateUsers=yes", nil},
	{"no AmbientCapabilities= on the shop", shopUnit, "AmbientCapabilities=CAP_NET_BIND_SERVICE", "", nil},
	{"MemoryDenyWriteExecute=yes on the shop", shopUnit, "PrivateDevices=yes", "PrivateDevices=yes\nMemoryDenyWriteExecute=yes", nil},
	{"no StateDirectory= on the site", siteUnit, "StateDirectory=unishop-site", "", nil},
	{"no RuntimeDirectory= on the site", siteUnit, "RuntimeDirectory=unishop-site", "", nil},
	{"no UMask= on the shop", shopUnit, "UMask=0077", "", hasModes},
	{"no CapabilityBoundingSet= on the shop", shopUnit, "CapabilityBoundingSet=", "#", isSandboxed},
	{"no order of the collector of logs", agentUnit, "Before=", "#", stopsInOrder},
}

// mutated are the steps that make each mutation.
var mutated = func() (steps []step) {
	for _, m := range mutations {
		steps = append(steps, step{"red: " + m.says, m.make})
	}
	return steps
}()

func (mu mutation) make(ctx context.Context, s *system) error {
	m, err := s.beside(ctx, "mutated", diskSize, func(m *machine) error { return m.edit(mu.unit, mu.old, mu.by) })
	if err != nil {
		return err
	}
	found := s.comesUp(ctx, m)
	if mu.check != nil {
		if found != nil {
			return fmt.Errorf("it does not even come up: %w", found)
		}
		found = mu.check(ctx, s, m)
	}
	if err := errors.Join(ctx.Err(), s.remove(ctx, "mutated"), s.sitePublishedBy(ctx, s.first)); err != nil {
		return err
	}
	if found == nil {
		return errors.New("nothing found it")
	}
	return nil
}

// comesUp waits until the stack of a mutated machine is complete, or it is certain that it will not be.
func (s *system) comesUp(ctx context.Context, m *machine) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	err := poll(ctx, func() error {
		// The unit goes on trying, and user data waits for it. One try is enough here.
		tries, _ := m.run(ctx, nil, "systemctl", "show", "--property=NRestarts", "--value", "unishop-site") // it may be going
		if tries != "" && tries != "0" {
			return gone(errors.New("the site is not published at the first try"))
		}
		done, err := s.creation(ctx, "mutated")
		if err == nil && !done {
			return errors.New("the stack is not complete")
		}
		return gone(err)
	})
	if err == nil {
		return nil
	}
	_, _ = s.cloudformation().SignalResource(ctx, &cloudformation.SignalResourceInput{ // too late if it has signalled itself
		StackName: aws.String("mutated"), LogicalResourceId: aws.String(m.LogicalID), UniqueId: aws.String(m.Instance),
		Status: cftypes.ResourceSignalStatusFailure})
	_ = s.awaitCreation(ctx, "mutated") // that it fails is known
	return err
}

func stopsInOrder(_ context.Context, _ *system, m *machine) error {
	return errors.Join(m.powerOff(), agentStopsLast(m))
}

// edit changes a file of a machine that has not booted.
func (m *machine) edit(name, old, by string) error {
	text, err := m.read(name)
	if err == nil && !strings.Contains(text, old) {
		err = fmt.Errorf("%s has no %q", name, old)
	}
	return errors.Join(err, m.write(name, strings.ReplaceAll(text, old, by)))
}

func (m *machine) read(name string) (string, error) {
	text, err := os.ReadFile(m.root + "/" + name)
	return string(text), err
}
