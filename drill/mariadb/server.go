package mariadb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/go-sql-driver/mysql"

	"unishop-pilot-light/drill/port"
	"unishop-pilot-light/drill/reaper"
)

// startTimeout is many times what a start takes.
const startTimeout = time.Minute

// Server is a MariaDB server. Started, it is read-only, whatever it was before: it has not been made the writer yet.
type Server struct {
	// Port on 127.0.0.1. It stays the same when the server is started again.
	Port int

	id      int
	install Install
	dir     string
	// certificate and key are files.
	certificate, key string

	socket  string
	user    string // who runs the server, and administrates it
	reaper  *reaper.Reaper
	process atomic.Pointer[reaper.Process] // of the latest start
	admin   *sql.DB                        // connects anew when the server was started anew
}

// Options say where a server lives.
type Options struct {
	// ID is unique among servers, past and present, that replicate from each other.
	ID int
	// Dir is the server's own: it is created, and holds data and error log.
	Dir string
	// Port to listen on; 0: any that is free.
	Port int
	// Names that clients connect to, each of which the certificate has: on AWS those of the cluster's endpoints, and the
	// instance's as its subject. Authority signs it. Left to itself MariaDB makes a certificate at every start, with an RSA key,
	// which takes seconds: https://mariadb.org/mission-impossible-zero-configuration-ssl/
	// https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraMySQL.Security.html#AuroraMySQL.Security.SSL
	Names     []string
	Authority Authority
	// Reaper ends the server with the program, and has the folder for its socket.
	Reaper *reaper.Reaper
}

// New prepares a server with an empty database.
func (i Install) New(o Options) (*Server, error) {
	listens := o.Port
	if listens == 0 {
		free, err := port.Free()
		if err != nil {
			return nil, err
		}
		listens = free
	}
	s := &Server{Port: listens, install: i, dir: o.Dir, reaper: o.Reaper,
		socket: filepath.Join(o.Reaper.Dir, strconv.Itoa(o.ID)+".sock")}
	me, err := user.Current()
	if err != nil {
		return nil, err
	}
	s.user = me.Username
	if err := s.connect(); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(s.temporary(), 0o700); err != nil {
		return nil, err
	}
	if s.certificate, s.key, err = o.Authority.Vouch(s.dir, o.Names...); err != nil {
		return nil, err
	}
	return s, s.Empty(o.ID)
}

func (s *Server) temporary() string { return filepath.Join(s.dir, "tmp") }

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

// Empty gives the server a new, empty database. It must not run. It needs a new id: a server does not replicate what it
// wrote itself, and takes what carries its id for that.
func (s *Server) Empty(id int) error {
	s.id = id
	if err := os.RemoveAll(s.data()); err != nil {
		return err
	}
	return os.CopyFS(s.data(), os.DirFS(s.install.empty()))
}

// Start starts the server and returns when it answers.
func (s *Server) Start(ctx context.Context) error {
	log, err := os.OpenFile(s.Log(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer log.Close() // the server has its own
	command := exec.Command(filepath.Join(s.install.dir, "bin", "mariadbd"), s.arguments()...)
	command.Stdout, command.Stderr = log, log
	process, err := s.reaper.Start(command)
	if err != nil {
		return err
	}
	s.process.Store(process)
	return s.awaitStart(ctx, process)
}

// arguments of the server. A killed process loses nothing that it has acknowledged, since the operating system has it;
// to wait for the disk at every commit, as a real database must, would only make the drill slow.
func (s *Server) arguments() []string {
	return []string{
		"--no-defaults", "--basedir=" + s.install.dir, "--datadir=" + s.data(), ownTemporary(s.temporary()), "--user=" + s.user,
		"--bind-address=127.0.0.1", "--port=" + strconv.Itoa(s.Port), "--socket=" + s.socket, "--skip-name-resolve",
		"--character-set-server=utf8mb4", "--ssl-cert=" + s.certificate, "--ssl-key=" + s.key,
		"--innodb-buffer-pool-size=64M", "--innodb-log-file-size=16M", "--innodb-flush-log-at-trx-commit=2",
		"--server-id=" + strconv.Itoa(s.id), "--read-only",
		// The whole history stays: a new member replicates from its beginning.
		"--log-bin=binlog", "--binlog-format=ROW", "--log-slave-updates", "--binlog-expire-logs-seconds=0",
		"--relay-log=relay", "--relay-log-recovery", "--slave-net-timeout=5",
	}
}

// connect prepares the administrator's connections, by the socket: as in a real database it can do what the master user
// cannot, and there is no password.
func (s *Server) connect() error {
	config := mysql.NewConfig()
	config.Net, config.Addr, config.User = "unix", s.socket, s.user
	config.Logger = &mysql.NopLogger{} // a server that is killed is no surprise
	connector, err := mysql.NewConnector(config)
	if err != nil {
		return err
	}
	s.admin = sql.OpenDB(connector)
	s.admin.SetMaxIdleConns(1)
	return nil
}

func (s *Server) awaitStart(ctx context.Context, process *reaper.Process) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for {
		if s.admin.PingContext(ctx) == nil {
			return nil
		}
		select {
		case <-process.Exited():
			return fmt.Errorf("MariaDB ended at its start: %s", reaper.Tail(s.Log()))
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("MariaDB does not answer: %w: see %s", ctx.Err(), s.Log()), s.Kill())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Log is the server's error log.
func (s *Server) Log() string { return filepath.Join(s.dir, "error.log") }

// Running says whether the server runs.
func (s *Server) Running() bool {
	process := s.process.Load()
	return process != nil && process.Running()
}

// Stop ends the server as a reboot does: what it is at ends well.
func (s *Server) Stop(ctx context.Context) error {
	process := s.process.Load()
	if process == nil || !process.Running() {
		return nil
	}
	if err := s.exec(ctx, "SHUTDOWN"); err != nil {
		return err
	}
	select {
	case <-process.Exited():
		return nil
	case <-ctx.Done():
		return errors.Join(ctx.Err(), s.Kill())
	}
}

// Kill ends the server at once, as when its region dies. Its data stay.
func (s *Server) Kill() error {
	process := s.process.Load()
	if process == nil {
		return nil
	}
	_ = process.Kill() // it may have ended
	<-process.Exited()
	return nil
}

// Remove ends the server for good, and removes its data.
func (s *Server) Remove() error { return errors.Join(s.Close(), os.RemoveAll(s.dir)) }

// Close ends the server for good. Its data stay.
func (s *Server) Close() error {
	err := s.Kill()
	_ = s.admin.Close() // it complains of connections that the server has not survived
	return err
}

func (s *Server) exec(ctx context.Context, statements ...string) error {
	for _, statement := range statements {
		if _, err := s.admin.ExecContext(ctx, statement); err != nil {
			verb, _, _ := strings.Cut(statement, " ")
			return fmt.Errorf("%s: %w", verb, err) // not the statement: it may have a password in it
		}
	}
	return nil
}

// ask returns the one value that a statement answers.
func (s *Server) ask(ctx context.Context, statement string, arguments ...any) (string, error) {
	var value sql.NullString
	if err := s.admin.QueryRowContext(ctx, statement, arguments...).Scan(&value); err != nil {
		return "", fmt.Errorf("%s: %w", statement, err)
	}
	return value.String, nil
}

// quote makes an SQL string literal: the driver has no placeholders for statements like CREATE USER.
func quote(text string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, "'", `\'`, "\x00", `\0`).Replace(text) + "'"
}
