package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// step does something and says whether it came out right.
type step struct {
	says string
	do   func(context.Context, *system) error
}

// story of one instance and of others beside it. Each step begins where the one before has ended.
var story = []step{
	{"the bundle's own script bakes an image on a real systemd, with its AOT cache", bakes},
	{"the first boot runs the template's user data by cloud-init, and signals SUCCESS", firstBoot},
	{"a second instance publishes the site, and after its rollback the first one has it again", isRolledBack},
	{"a bad release signals FAILURE, and the first goes on serving", badRelease},
	{"on a full disk the site is withdrawn, too", fullDisk},
	{"at power-off the site is withdrawn, then the shop stops, and the collector of logs last", powersOff},
	{"a second boot, under another name, publishes the site again and runs no user data", secondBoot},
	{"after a power cut it boots, serves and publishes", surviveCut},
}

func bakes(ctx context.Context, s *system) error { return s.bake(ctx) }

func firstBoot(ctx context.Context, s *system) (err error) {
	s.first, err = s.deploy(ctx)
	return err
}

func isRolledBack(ctx context.Context, s *system) error {
	second, err := s.beside(ctx, "second", diskSize, nil)
	if err != nil {
		return err
	}
	if err := errors.Join(s.awaitCreation(ctx, "second"), s.sitePublishedBy(ctx, second), serves(ctx, s, second)); err != nil {
		return err
	}
	return errors.Join(s.remove(ctx, "second"), s.sitePublishedBy(ctx, s.first), serves(ctx, s, s.first))
}

// badRelease starts a shop that ends at once.
func badRelease(ctx context.Context, s *system) error {
	bad := func(m *machine) error {
		return m.edit(shopUnit, "ExecStart=/usr/bin/java ", "ExecStart=/usr/bin/java -version ")
	}
	if _, err := s.beside(ctx, "bad", diskSize, bad); err != nil {
		return err
	}
	switch err := s.awaitCreation(ctx, "bad"); {
	case err == nil:
		return errors.New("the stack was created, want a FAILURE signal")
	case !strings.Contains(err.Error(), "FAILURE signal"):
		return fmt.Errorf("the stack ended without a FAILURE signal: %w", err)
	}
	return errors.Join(s.remove(ctx, "bad"), s.sitePublishedBy(ctx, s.first), serves(ctx, s, s.first))
}

// fullDisk has the site of a machine whose disk is full when it is terminated published for the first machine again.
func fullDisk(ctx context.Context, s *system) error {
	full, err := s.beside(ctx, "full", "96M", nil)
	if err != nil {
		return err
	}
	if err := errors.Join(s.awaitCreation(ctx, "full"), s.sitePublishedBy(ctx, full)); err != nil {
		return err
	}
	if _, err := full.shell(ctx, `! cat /dev/zero >/var/full 2>&1; ! echo x >/var/lib/x || exit 3`); err != nil {
		return fmt.Errorf("the disk is not full: %w", err)
	}
	return errors.Join(s.remove(ctx, "full"), s.sitePublishedBy(ctx, s.first))
}

// powersOff leaves the first machine switched off.
func powersOff(ctx context.Context, s *system) error {
	if err := s.first.powerOff(); err != nil {
		return err
	}
	if config, index, err := s.site(ctx); err != nil || config+index != "" {
		return errors.Join(err, fmt.Errorf("the site is still published: %q", config))
	}
	return agentStopsLast(s.first)
}

// agentStopsLast reads the order of the stops from the journal, and what the collector of logs has received.
func agentStopsLast(m *machine) error {
	order, err := m.stops()
	if err != nil {
		return err
	}
	own := slices.DeleteFunc(order, func(unit string) bool {
		return unit != "unishop-site.service" && unit != "unishop.service" && unit != "amazon-cloudwatch-agent.service"
	})
	if err := expect(strings.Join(own, "\n"), "unishop-site.service", "unishop.service", "amazon-cloudwatch-agent.service"); err != nil {
		return err
	}
	received, err := m.read("var/log/collected")
	if err == nil && !strings.Contains(received, "withdraw: ") {
		err = errors.New("the collector of logs has not received what withdraw.sh printed")
	}
	return err
}

// stops lists the units that were stopped at the end of the journal's last boot, in order.
func (m *machine) stops() (units []string, err error) {
	command := exec.Command("journalctl", "--directory="+m.root+"/var/log/journal", "--boot", "--output=json", "JOB_TYPE=stop", "JOB_RESULT=done")
	text, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", command, err)
	}
	for line := range strings.Lines(string(text)) {
		var entry struct {
			Unit string `json:"UNIT"`
		}
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			return nil, err
		}
		units = append(units, entry.Unit)
	}
	return units, nil
}

// secondBoot: an instance that was stopped gets another name when it is started.
func secondBoot(ctx context.Context, s *system) error {
	s.first.rename("ec2-203-0-113-7.compute-1.amazonaws.com")
	before := s.front.signals.Load()
	if err := s.comesBack(ctx); err != nil {
		return err
	}
	if after := s.front.signals.Load(); before == 0 || after != before {
		return fmt.Errorf("instances signalled %d times before the second boot and %d times in it, want some and none", before, after-before)
	}
	return isSandboxed(ctx, s, s.first)
}

func surviveCut(ctx context.Context, s *system) error {
	if err := s.first.cutPower(); err != nil {
		return err
	}
	return s.comesBack(ctx)
}

// comesBack boots the first machine and waits until it serves.
func (s *system) comesBack(ctx context.Context) error {
	if err := errors.Join(s.first.boot(ctx), s.first.awaitBoot(ctx)); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return poll(ctx, func() error { return errors.Join(s.sitePublishedBy(ctx, s.first), serves(ctx, s, s.first)) })
}

// site is the bucket's config.json and its page; both are empty when it is not published.
func (s *system) site(ctx context.Context) (config, index string, err error) {
	for name, text := range map[string]*string{"config.json": &config, "index.html": &index} {
		found, err := s.s3().GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String(s.bucket), Key: aws.String(name)})
		if missing := (*s3types.NoSuchKey)(nil); errors.As(err, &missing) {
			continue
		}
		if err != nil {
			return "", "", err
		}
		content, err := io.ReadAll(found.Body)
		if err := errors.Join(err, found.Body.Close()); err != nil {
			return "", "", err
		}
		*text = string(content)
	}
	return config, index, nil
}

// runInside is the program in its namespaces.
func runInside(ctx context.Context, root, debian, release string) error {
	if err := makePrivate(root); err != nil {
		return err
	}
	s, err := newSystem(ctx, root, debian, release)
	if err != nil {
		return err
	}
	if err := s.play(ctx); err != nil {
		return fmt.Errorf("%w\nlogs: %s", err, s.keepLogs())
	}
	return nil
}

// play has all steps happen: the checks of the first machine after its first boot, the mutations while it serves.
func (s *system) play(ctx context.Context) error {
	for _, next := range story[:2] {
		if err := s.take(ctx, next); err != nil {
			return err
		}
	}
	var wrong []error // each reports something else
	for _, c := range checks {
		wrong = append(wrong, s.take(ctx, step{c.says, func(ctx context.Context, s *system) error { return c.see(ctx, s, s.first) }}))
	}
	if err := errors.Join(wrong...); err != nil {
		return err
	}
	for _, next := range append(slices.Clone(mutated), story[2:]...) {
		if err := s.take(ctx, next); err != nil {
			return err
		}
	}
	return nil
}

// take takes a step, and says what it was and how long it took.
func (s *system) take(ctx context.Context, next step) error {
	began := time.Now()
	if err := next.do(ctx, s); err != nil {
		return fmt.Errorf("%q: %w", next.says, err)
	}
	fmt.Printf("%6.1f s  %s\n", time.Since(began).Seconds(), next.says)
	return nil
}
