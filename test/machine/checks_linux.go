package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"unishop-pilot-light/internal/shopper"
)

// check is something that must be so of a machine that serves.
type check struct {
	says string
	see  func(context.Context, *system, *machine) error
}

var checks = []check{
	{"the shop runs as its own user, in a sandbox, with one capability, and with its AOT cache", isSandboxed},
	{"a customer finds it by the site, by its public name and on port 80, and buys", serves},
	{"it has published the site by the role's credentials alone, as a user without a home", publishes},
	{"every file has the owner and the mode that it is to have, and the logs are closed to others", hasModes},
	{"no secret is in a command line, an environment, the journal or a file", keepsSecrets},
	{"logs are rotated every hour once they are big, and the shop goes on writing", rotatesLogs},
	{"a shop that is killed is started again, and the site stays", restarts},
}

// expect says where the lines of a text are not those that are wanted.
func expect(got string, wanted ...string) error {
	if want := strings.Join(wanted, "\n"); got != want {
		return fmt.Errorf("found\n%s\nwhere this is right:\n%s", got, want)
	}
	return nil
}

func isSandboxed(ctx context.Context, _ *system, m *machine) error {
	got, err := m.shell(ctx, `
		pid=$(systemctl show --property=MainPID --value unishop)
		ps -o user= -p "$pid"
		grep -E '^(CapInh|CapPrm|CapEff|CapBnd|CapAmb|NoNewPrivs|Seccomp):' "/proc/$pid/status" | tr -s '\t' ' '
		grep -q ' /opt/unishop/unishop.aot$' "/proc/$pid/maps" && echo 'AOT cache'`)
	if err != nil {
		return err
	}
	const bind = "0000000000000400" // CAP_NET_BIND_SERVICE
	return expect(got, "unishop", "CapInh: "+bind, "CapPrm: "+bind, "CapEff: "+bind, "CapBnd: "+bind, "CapAmb: "+bind,
		"NoNewPrivs: 1", "Seccomp: 2", "AOT cache")
}

// serves has a customer buy, by the site's config.json.
func serves(ctx context.Context, s *system, m *machine) error {
	customer := shopper.NewHTTP(func(ctx context.Context, network, address string) (net.Conn, error) {
		host, port, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		if private := s.names.find(host); private != nil {
			host = private.String()
		}
		return (&net.Dialer{}).DialContext(ctx, network, net.JoinHostPort(host, port))
	})
	defer customer.Close()
	s.customers++
	who := shopper.Person{Email: fmt.Sprintf("customer-%d@shop.example", s.customers), FirstName: "Ada", LastName: "Lovelace"}
	visit, err := customer.Walk(ctx, s.emulator.Endpoint()+"/"+s.bucket, who)
	if err == nil && visit.Instance != m.Instance {
		err = fmt.Errorf("the customer bought from %s, want %s", visit.Instance, m.Instance)
	}
	return err
}

// publishes: the front has refused every request that was not signed by the role's credentials.
func publishes(ctx context.Context, s *system, m *machine) error {
	if err := s.sitePublishedBy(ctx, m); err != nil {
		return err
	}
	got, err := m.shell(ctx, `
		systemctl show --property=User,ActiveState,NRestarts unishop-site
		home=$(getent passwd unishop-site | cut -d: -f6); [[ -e $home ]] || echo 'no home'
		find / -xdev -path /opt/packages -prune -o -name .aws -print`)
	if err != nil {
		return err
	}
	return expect(got, "NRestarts=0", "User=unishop-site", "ActiveState=active", "no home")
}

// sitePublishedBy says whether the site is published and names a machine.
func (s *system) sitePublishedBy(ctx context.Context, m *machine) error {
	config, index, err := s.site(ctx)
	want := fmt.Sprintf(`{"host":"%s","region":"%s","instance":"%s"}`, m.publicName(), region, m.Instance)
	if err == nil && (strings.TrimSpace(config) != want || !strings.Contains(index, "<html")) {
		err = fmt.Errorf("the site's config.json is %q, want %s; its page has %d bytes", config, want, len(index))
	}
	return err
}

func hasModes(ctx context.Context, _ *system, m *machine) error {
	got, err := m.shell(ctx, `
		cd / && stat -c '%a %U:%G %n' etc/unishop etc/unishop/unishop.env opt/unishop opt/unishop/{unishop.jar,unishop.aot,unishop.jvm,publish.sh} \
			var/log/unishop var/log/unishop/{unishop,site}.log var/lib/unishop-site run/unishop-site run/unishop-site/entry
		find opt/unishop '(' ! -user root -o ! -group root -o -perm /022 ')'
		find etc/systemd/system opt/aws -type f '(' ! -user root -o -perm /022 ')'`)
	if err != nil {
		return err
	}
	return expect(got,
		"2750 root:unishop etc/unishop", "640 root:unishop etc/unishop/unishop.env", "755 root:root opt/unishop", "644 root:root opt/unishop/unishop.jar",
		"644 root:root opt/unishop/unishop.aot", "644 root:root opt/unishop/unishop.jvm", "755 root:root opt/unishop/publish.sh",
		"750 root:root var/log/unishop", "600 root:root var/log/unishop/unishop.log", "600 root:root var/log/unishop/site.log",
		"755 unishop-site:unishop-site var/lib/unishop-site", "755 unishop-site:unishop-site run/unishop-site",
		"700 unishop-site:unishop-site run/unishop-site/entry")
}

// keepsSecrets looks for the database's password, and for the role's credentials.
func keepsSecrets(ctx context.Context, s *system, m *machine) error {
	journal, err := m.run(ctx, nil, "journalctl", "--all", "--output=cat", "--no-pager")
	if err != nil {
		return err
	}
	secrets := map[string]string{"the database's password": s.password, "the role's secret key": s.credentials.secret, "the role's token": s.credentials.token}
	var found []error
	look := func(text, where string) {
		for what, secret := range secrets {
			if strings.Contains(text, secret) {
				found = append(found, fmt.Errorf("%s is in %s", what, where))
			}
		}
	}
	look(journal, "the journal")
	processes, err := m.processes()
	for _, pid := range processes {
		for _, file := range []string{"cmdline", "environ"} {
			text, _ := os.ReadFile(filepath.Join("/proc", pid, file)) // it may have ended
			look(string(text), "/proc/"+pid+"/"+file+" of "+strings.SplitN(string(text), "\x00", 2)[0])
		}
	}
	return errors.Join(append(found, err, m.walkFiles(look))...)
}

// processes of the machine, by their numbers outside of it.
func (m *machine) processes() ([]string, error) {
	own, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/pid", m.leader))
	if err != nil {
		return nil, err
	}
	all, err := filepath.Glob("/proc/[0-9]*")
	var found []string
	for _, folder := range all {
		if namespace, _ := os.Readlink(folder + "/ns/pid"); namespace == own {
			found = append(found, filepath.Base(folder))
		}
	}
	return found, err
}

// walkFiles shows every file that the machine has written, on its disk and in memory. What cloud-init keeps is left out:
// all of the metadata, in files that only root may read.
func (m *machine) walkFiles(see func(text, name string)) error {
	inMemory := fmt.Sprintf("/proc/%d/root", m.leader)
	var problems []error
	for _, folder := range []string{m.dir + "/upper", inMemory + "/run", inMemory + "/tmp", inMemory + "/dev/shm"} {
		problems = append(problems, filepath.WalkDir(folder, func(name string, entry fs.DirEntry, err error) error {
			if err != nil || !entry.Type().IsRegular() || regexp.MustCompile(`/(lib|run)/cloud(-init)?/`).MatchString(name) {
				return nil //nolint:nilerr // it may have gone
			}
			if text, err := os.ReadFile(name); err == nil {
				see(string(text), strings.TrimPrefix(name, folder))
			}
			return nil
		}))
	}
	return errors.Join(problems...)
}

func rotatesLogs(ctx context.Context, s *system, m *machine) error {
	if _, err := m.shell(ctx, `systemctl show --property=TimersCalendar logrotate.timer | grep -q 'OnCalendar=\*-\*-\* \*:00:00'
		truncate --size=+101M /var/log/unishop/unishop.log && systemctl start logrotate`); err != nil {
		return err
	}
	if err := serves(ctx, s, m); err != nil {
		return err
	}
	got, err := m.shell(ctx, `cd /var/log/unishop && stat -c '%a %U:%G %n' unishop.log unishop.log.1
		(($(stat -c %s unishop.log.1) > 101 << 20)) && (($(stat -c %s unishop.log) < 1 << 20)) && head -c 1 unishop.log && echo
		rm unishop.log.1; : >/var/log/collected`)
	if err != nil {
		return err
	}
	return expect(got, "600 root:root unishop.log", "600 root:root unishop.log.1", "{")
}

func restarts(ctx context.Context, s *system, m *machine) error {
	pid, err := m.shell(ctx, `systemctl kill --kill-whom=main --signal=KILL unishop; systemctl show --property=MainPID --value unishop`)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	if err := poll(ctx, func() error { return serves(ctx, s, m) }); err != nil {
		return err
	}
	got, err := m.shell(ctx, `systemctl show --property=NRestarts --value unishop; systemctl show --property=MainPID --value unishop`)
	if err != nil {
		return err
	}
	count, now, _ := strings.Cut(got, "\n")
	if _, err := strconv.Atoi(now); err != nil || count != "1" || now == pid {
		return fmt.Errorf("it was started again %s times; process %s was killed, and %s runs", count, pid, now)
	}
	return s.sitePublishedBy(ctx, m)
}
