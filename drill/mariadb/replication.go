package mariadb

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"
)

// replicator is the user that replicas connect as. Like every user it replicates, and so exists on all servers.
const replicator = "replication"

// NewReplicationPassword makes the password of the user that replicas connect as.
func NewReplicationPassword() string { return rand.Text() }

// masterPrivileges of RDS. What binds a reader, read_only, must bind the master user too, so SUPER, READ_ONLY ADMIN and
// CONNECTION ADMIN are not among them.
// https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/UsingWithRDS.MasterAccounts.html
const masterPrivileges = `SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, RELOAD, PROCESS, REFERENCES, INDEX, ALTER, SHOW DATABASES,
	CREATE TEMPORARY TABLES, LOCK TABLES, EXECUTE, CREATE VIEW, SHOW VIEW, CREATE ROUTINE, ALTER ROUTINE, CREATE USER,
	EVENT, TRIGGER`

// Credentials of a user.
type Credentials struct{ User, Password string }

// Initialise makes an empty server the first writer: with its master user, and a user for the replicas to come.
func (s *Server) Initialise(ctx context.Context, master Credentials, replication string) error {
	user := quote(master.User) + "@'%'"
	replica := quote(replicator) + "@'127.0.0.1'"
	return s.exec(ctx,
		"SET GLOBAL read_only = 0",
		"CREATE USER "+replica+" IDENTIFIED BY "+quote(replication),
		"GRANT REPLICATION SLAVE ON *.* TO "+replica,
		"CREATE USER "+user+" IDENTIFIED BY "+quote(master.Password),
		"GRANT "+masterPrivileges+" ON *.* TO "+user+" WITH GRANT OPTION",
	)
}

// Follow makes the server replicate from a writer, and apply every transaction so much later than the writer did. One
// that was itself the writer goes on from where it was. Whole seconds are all that MariaDB knows:
// https://mariadb.com/kb/en/delayed-replication/
func (s *Server) Follow(ctx context.Context, writer *Server, password string, delay time.Duration) error {
	return s.exec(ctx, s.source(writer, password, delay), "START SLAVE")
}

// source is the statement that says from whom to replicate.
func (s *Server) source(writer *Server, password string, delay time.Duration) string {
	return fmt.Sprintf(
		"CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = %d, MASTER_USER = %s, MASTER_PASSWORD = %s, "+
			"MASTER_CONNECT_RETRY = 1, MASTER_SSL = 0, MASTER_USE_GTID = slave_pos, MASTER_DEMOTE_TO_SLAVE = 1, MASTER_DELAY = %d",
		writer.Port, quote(replicator), quote(password), int(delay/time.Second))
}

// SetDelay changes the delay of a replica.
func (s *Server) SetDelay(ctx context.Context, delay time.Duration) error {
	return s.exec(ctx, "STOP SLAVE", fmt.Sprintf("CHANGE MASTER TO MASTER_DELAY = %d", int(delay/time.Second)), "START SLAVE")
}

// Cut has a delayed replica apply nothing more: what it would have applied later has not arrived when its writer dies.
func (s *Server) Cut(ctx context.Context) error {
	status, err := s.status(ctx)
	if err != nil || len(status) == 0 || status["SQL_Delay"] == "0" {
		return err
	}
	return s.exec(ctx, "STOP SLAVE SQL_THREAD")
}

// Resume has a replica go on, if it is one still.
func (s *Server) Resume(ctx context.Context) error {
	status, err := s.status(ctx)
	if err != nil || len(status) == 0 {
		return err
	}
	return s.exec(ctx, "START SLAVE")
}

// Position is the last transaction in the server's own binary log, its own or replicated.
func (s *Server) Position(ctx context.Context) (string, error) {
	return s.ask(ctx, "SELECT @@GLOBAL.gtid_binlog_pos")
}

// ErrSourceGone says that a replica waits for what can never come.
var ErrSourceGone = errors.New("the server to replicate from has ended")

// Await waits until a replica has applied everything up to a position of the writer's.
func (s *Server) Await(ctx context.Context, position string, writer *Server) error {
	for {
		switch reached, err := s.ask(ctx, "SELECT MASTER_GTID_WAIT(?, 0.2)", position); {
		case err != nil:
			return err
		case reached == "0":
			return nil
		case !writer.Running():
			return ErrSourceGone
		}
		if err := s.replicationError(ctx); err != nil {
			return err
		}
	}
}

// replicationError is why replication has stopped, when it has. It says nothing about a writer that is away.
func (s *Server) replicationError(ctx context.Context) error {
	status, err := s.status(ctx)
	if err != nil {
		return err
	}
	for _, problem := range []string{"Last_SQL_Error", "Last_IO_Error"} {
		if status[problem] != "" && (problem == "Last_SQL_Error" || status["Slave_IO_Running"] == "No") {
			return fmt.Errorf("replication has stopped: %s", status[problem])
		}
	}
	return nil
}

// status is what SHOW SLAVE STATUS says; empty when the server replicates from none.
func (s *Server) status(ctx context.Context) (map[string]string, error) {
	rows, err := s.admin.QueryContext(ctx, "SHOW SLAVE STATUS")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil || !rows.Next() {
		return nil, errors.Join(err, rows.Err())
	}
	values, pointers := make([]*string, len(names)), make([]any, len(names))
	for i := range values {
		pointers[i] = &values[i]
	}
	if err := rows.Scan(pointers...); err != nil {
		return nil, err
	}
	status := map[string]string{}
	for i, name := range names {
		if values[i] != nil {
			status[name] = *values[i]
		}
	}
	return status, rows.Err()
}

// Promote makes a replica a writer that replicates from no server. Without a delay, what has arrived counts; with one, what
// has not been applied has not arrived.
func (s *Server) Promote(ctx context.Context) error {
	if err := s.exec(ctx, "STOP SLAVE IO_THREAD"); err != nil {
		return err
	}
	if err := s.applyWhatHasArrived(ctx); err != nil {
		return err
	}
	return s.exec(ctx, "STOP SLAVE", "RESET SLAVE ALL", "SET GLOBAL read_only = 0")
}

func (s *Server) applyWhatHasArrived(ctx context.Context) error {
	for {
		status, err := s.status(ctx)
		if err != nil {
			return err
		}
		applied, err := s.ask(ctx, "SELECT @@GLOBAL.gtid_slave_pos")
		if err != nil {
			return err
		}
		if status["SQL_Delay"] != "0" || status["Gtid_IO_Pos"] == "" || status["Gtid_IO_Pos"] == applied {
			return nil
		}
		if err := s.replicationError(ctx); err != nil {
			return err
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// SetWritable makes a server the writer that it was before it was stopped.
func (s *Server) SetWritable(ctx context.Context) error {
	return s.exec(ctx, "SET GLOBAL read_only = 0")
}

// SetReadOnly ends every write and closes every user's connection, as a demoted writer of Aurora's does. When it has
// returned, nothing is in flight, and [Server.Position] is the last that was acknowledged.
func (s *Server) SetReadOnly(ctx context.Context) error {
	// First the statements that run: read_only waits for them. Then the connections made in between.
	return errors.Join(s.closeConnections(ctx), s.exec(ctx, "SET GLOBAL read_only = 1"), s.closeConnections(ctx))
}

// closeConnections closes those of users; the administrator, replicas and the server's own threads go on.
func (s *Server) closeConnections(ctx context.Context) error {
	rows, err := s.admin.QueryContext(ctx, `SELECT CONCAT('KILL ', id) FROM information_schema.processlist
		WHERE user NOT IN (SUBSTRING_INDEX(USER(), '@', 1), 'system user', 'event_scheduler', ?)`, replicator)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var kill string
		if err := rows.Scan(&kill); err != nil {
			return err
		}
		_ = s.exec(ctx, kill) // it may have gone by itself
	}
	return rows.Err()
}
