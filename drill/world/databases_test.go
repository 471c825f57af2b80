package world

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"unishop-pilot-light/drill/emulator"
	"unishop-pilot-light/drill/reaper"
)

// The password has what would break out of an SQL string.
const (
	masterUser     = "unishop"
	masterPassword = `it's a \ "test"`
)

// globalDatabase is a global cluster with a member in each region, as a client sees it that has only the credentials.
type globalDatabase struct {
	t     *testing.T
	world *World
	ports map[string]int
	seen  map[string]*sql.DB
}

func member(region string) emulator.Member {
	return emulator.Member{Region: region, Cluster: "unishop-" + region}
}

// shared is one for all tests: servers take their time to start.
var shared *globalDatabase

// newGlobalDatabase is empty but for a table, and its writer is in the east.
func newGlobalDatabase(t *testing.T) *globalDatabase {
	t.Helper()
	if shared == nil {
		r, err := reaper.New()
		require.NoError(t, err)
		w, err := New(Options{Root: root(t), Dir: r.Dir, Reaper: r})
		require.NoError(t, err)
		shared = &globalDatabase{t: t, world: w, ports: map[string]int{}, seen: map[string]*sql.DB{}}
		shared.create(east, true)
		shared.run(east, "CREATE DATABASE unishop", "CREATE TABLE unishop.writes (id INT PRIMARY KEY)")
		shared.create(west, false)
	}
	shared.t = t
	shared.failBack()
	shared.run(east, "DELETE FROM unishop.writes")
	shared.eventually(west, nil)
	return shared
}

// failBack from wherever a test, perhaps a failed one, has left it.
func (g *globalDatabase) failBack() {
	g.t.Helper()
	require.NoError(g.t, g.world.SetReplicationDelay(g.t.Context(), 0))
	for _, region := range []string{east, west} {
		db, err := g.world.databases.find(member(region))
		require.NoError(g.t, err)
		if !db.server.Running() {
			require.NoError(g.t, g.world.BringBack(g.t.Context(), region))
		}
		if db.diverged {
			g.resynchronise(region, g.world.databases.writerOf("unishop").Region)
		}
	}
	if g.world.databases.writerOf("unishop").Region != east {
		g.move("switchover", west, east)
	}
}

func TestMain(m *testing.M) {
	code := m.Run()
	if shared != nil {
		if err := errors.Join(shared.world.Close(), shared.world.reaper.Close()); err != nil {
			fmt.Println(err)
			code = 1
		}
	}
	os.Exit(code)
}

func (g *globalDatabase) create(region string, writer bool) {
	g.t.Helper()
	event := emulator.Event{
		Name: emulator.DatabaseCreated, Region: region, Instance: "unishop-1", Cluster: member(region).Cluster,
		GlobalCluster: "unishop", IsWriter: writer, Address: "unishop-1." + region, ClusterAddress: "cluster." + region,
		Port: 3306, MasterUsername: masterUser, MasterUserPassword: masterPassword,
	}
	require.NoError(g.t, g.world.Handle(g.t.Context(), &event))
	config := mysql.NewConfig()
	config.Net, config.Addr = "tcp", fmt.Sprintf("127.0.0.1:%d", event.Port)
	config.User, config.Passwd, config.Logger = masterUser, masterPassword, &mysql.NopLogger{}
	config.TLS = g.verify(event.Address) // as the shop does
	config.Timeout, config.ReadTimeout = 2*time.Second, 5*time.Second
	connector, err := mysql.NewConnector(config)
	require.NoError(g.t, err)
	g.ports[region], g.seen[region] = event.Port, sql.OpenDB(connector)
}

// verify accepts what RDS's authority has signed for a name.
func (g *globalDatabase) verify(name string) *tls.Config {
	authorities := x509.NewCertPool()
	require.True(g.t, authorities.AppendCertsFromPEM(g.world.databases.authority.Certificates))
	return &tls.Config{RootCAs: authorities, ServerName: name}
}

// Each server has the names of its endpoints, as RDS's certificates do.
func TestAServerProvesItsNames(t *testing.T) {
	g := newGlobalDatabase(t)
	for name, known := range map[string]bool{"unishop-1." + east: true, "cluster." + east: true, "unishop-1." + west: false} {
		config := mysql.NewConfig()
		config.Net, config.Addr, config.TLS = "tcp", fmt.Sprintf("127.0.0.1:%d", g.ports[east]), g.verify(name)
		config.User, config.Passwd, config.Logger = masterUser, masterPassword, &mysql.NopLogger{}
		connector, err := mysql.NewConnector(config)
		require.NoError(t, err)
		db := sql.OpenDB(connector)
		err = db.PingContext(t.Context())
		if known {
			require.NoError(t, err, name)
		} else {
			require.ErrorContains(t, err, "certificate is valid for", name)
		}
		require.NoError(t, db.Close())
	}
}

func (g *globalDatabase) run(region string, statements ...string) {
	g.t.Helper()
	for _, statement := range statements {
		_, err := g.seen[region].Exec(statement)
		require.NoError(g.t, err, statement)
	}
}

func (g *globalDatabase) write(region string, id int) error {
	_, err := g.seen[region].Exec("INSERT INTO unishop.writes VALUES (?)", id)
	return err
}

func (g *globalDatabase) read(region string) (ids []int) {
	g.t.Helper()
	rows, err := g.seen[region].Query("SELECT id FROM unishop.writes ORDER BY id")
	require.NoError(g.t, err)
	defer rows.Close()
	for rows.Next() {
		var id int
		require.NoError(g.t, rows.Scan(&id))
		ids = append(ids, id)
	}
	return ids
}

func (g *globalDatabase) move(way, from, to string) {
	g.t.Helper()
	require.NoError(g.t, g.tryMove(way, from, to))
}

func (g *globalDatabase) tryMove(way, from, to string) error {
	return g.world.Handle(context.Background(), &emulator.Event{
		Name: emulator.WriterChanged, GlobalCluster: "unishop", From: member(from), To: member(to), Way: way,
	})
}

func (g *globalDatabase) resynchronise(region, writer string) {
	g.t.Helper()
	require.NoError(g.t, g.world.Handle(g.t.Context(), &emulator.Event{
		Name: emulator.MemberResynchronised, GlobalCluster: "unishop", Region: region, Cluster: member(region).Cluster,
		Writer: member(writer), Snapshot: kept,
	}))
}

// kept is the snapshot of the data that a member had when it was resynchronised last.
const kept = "rds:unplanned-global-failover"

// restore makes a separate cluster beside the members, and returns what is in it.
func (g *globalDatabase) restore(region string, from emulator.Backup) []int {
	g.t.Helper()
	event := emulator.Event{Name: emulator.DatabaseCreated, Region: region, Instance: "restored-1", Cluster: "restored", IsWriter: true,
		Address: "restored-1." + region, RestoredFrom: &from}
	require.NoError(g.t, g.world.Handle(g.t.Context(), &event))
	g.t.Cleanup(func() {
		gone := emulator.Event{Name: emulator.DatabaseDeleted, Region: region, Cluster: "restored"}
		require.NoError(g.t, g.world.Handle(context.Background(), &gone))
	})
	config := mysql.NewConfig()
	config.Net, config.Addr, config.TLSConfig = "tcp", fmt.Sprintf("127.0.0.1:%d", event.Port), "skip-verify"
	config.User, config.Passwd = masterUser, masterPassword // of the data's time
	connector, err := mysql.NewConnector(config)
	require.NoError(g.t, err)
	connection := sql.OpenDB(connector)
	defer connection.Close()
	rows, err := connection.Query("SELECT id FROM unishop.writes ORDER BY id")
	require.NoError(g.t, err)
	defer rows.Close()
	found := []int{}
	for rows.Next() {
		var id int
		require.NoError(g.t, rows.Scan(&id))
		found = append(found, id)
	}
	_, err = connection.Exec("INSERT INTO unishop.writes VALUES (1000)")
	require.NoError(g.t, err, "a restored cluster takes writes")
	return found
}

func TestAClusterIsRestoredAsItWasAtATime(t *testing.T) {
	g := newGlobalDatabase(t)
	require.NoError(t, g.write(east, 1))
	time.Sleep(2 * sampled)
	good := time.Now()
	time.Sleep(2 * sampled)
	g.run(east, "DELETE FROM unishop.writes", "INSERT INTO unishop.writes VALUES (2)")
	found := g.restore(east, emulator.Backup{Member: member(east), Time: float64(good.UnixMicro()) / 1e6})
	assert.Equal(t, []int{1}, found)
	assert.Equal(t, []int{2}, g.read(east), "the live cluster goes on")
	g.eventually(west, []int{2})
}

func TestTheWritesThatAFailoverHasLostAreInItsSnapshot(t *testing.T) {
	eitherWay(t, func(t *testing.T, g *globalDatabase, lost, target string) {
		require.NoError(t, g.world.SetReplicationDelay(t.Context(), time.Minute))
		require.NoError(t, g.write(lost, 1))
		require.NoError(t, g.world.TakeDown(lost))
		g.move("failover", lost, target)
		require.NoError(t, g.write(target, 2))
		require.NoError(t, g.world.BringBack(t.Context(), lost))
		g.resynchronise(lost, target)
		assert.Equal(t, []int{2}, g.read(target))
		assert.Equal(t, []int{1}, g.restore(target, emulator.Backup{Member: member(lost), Snapshot: kept}), "beside the cluster that is active")
	})
}

func (g *globalDatabase) eventually(region string, want []int) {
	g.t.Helper()
	assert.EventuallyWithT(g.t, func(c *assert.CollectT) { assert.Equal(c, want, g.read(region)) }, 10*time.Second, 20*time.Millisecond)
}

const readOnly = "running with the --read-only option"

// eitherWay runs a test twice: each region in turn is the one of the writer, which is lost, and the other the target.
func eitherWay(t *testing.T, test func(t *testing.T, g *globalDatabase, lost, target string)) {
	t.Helper()
	for lost, target := range map[string]string{east: west, west: east} {
		t.Run(lost+" is lost", func(t *testing.T) {
			g := newGlobalDatabase(t)
			if lost != east {
				g.move("switchover", east, lost)
				g.eventually(target, nil)
			}
			test(t, g, lost, target)
		})
	}
}

func TestAReaderHasEverythingAndTakesNoWrites(t *testing.T) {
	g := newGlobalDatabase(t)
	require.NoError(t, g.write(east, 1))
	g.eventually(west, []int{1})
	require.ErrorContains(t, g.write(west, 2), readOnly)

	for region := range g.seen {
		_, err := g.seen[region].Exec("SET GLOBAL read_only = 0")
		assert.ErrorContains(t, err, "denied", "the master user of RDS cannot make itself the writer")
	}
	hosts, err := os.ReadFile(g.world.databases.hosts.file)
	require.NoError(t, err)
	assert.Contains(t, string(hosts), "127.0.0.1 unishop-1.us-east-1\n127.0.0.1 unishop-1.us-west-1\n")
	assert.Contains(t, string(hosts), "127.0.0.1 cluster.us-east-1\n")
	assert.NotContains(t, string(hosts), "cluster.us-west-1", "the endpoint of a reader's cluster does not resolve")
}

// steadyWriter writes to the region that takes it, one id after the other, and knows what was acknowledged.
type steadyWriter struct {
	acknowledged []int
	at           map[int]time.Time
	longest      time.Duration // between two acknowledged writes
	stop         chan struct{}
	done         sync.WaitGroup
}

func (g *globalDatabase) startWriter(first int) *steadyWriter {
	w := &steadyWriter{at: map[int]time.Time{}, stop: make(chan struct{})}
	w.done.Go(func() {
		last := time.Now()
		for id := first; ; id++ {
			select {
			case <-w.stop:
				return
			case <-time.After(5 * time.Millisecond):
			}
			for _, region := range []string{east, west} {
				if g.write(region, id) == nil {
					w.longest = max(w.longest, time.Since(last))
					last = time.Now()
					w.acknowledged, w.at[id] = append(w.acknowledged, id), last
					break
				}
			}
		}
	})
	return w
}

func (w *steadyWriter) end() []int {
	close(w.stop)
	w.done.Wait()
	return w.acknowledged
}

func missing(acknowledged, found []int) (lost []int) {
	for _, id := range acknowledged {
		if !slices.Contains(found, id) {
			lost = append(lost, id)
		}
	}
	return lost
}

// With a delay, so that a switchover that does not wait for what is on its way is found out.
func TestSwitchoversLoseNothingUnderASteadyWriter(t *testing.T) {
	g := newGlobalDatabase(t)
	require.NoError(t, g.world.SetReplicationDelay(t.Context(), time.Second))
	writer := g.startWriter(1)
	for _, way := range [][2]string{{east, west}, {west, east}, {east, west}} {
		time.Sleep(300 * time.Millisecond)
		begin := time.Now()
		g.move("switchover", way[0], way[1])
		t.Logf("switchover %s -> %s: %s", way[0], way[1], time.Since(begin).Round(time.Millisecond))
		require.ErrorContains(t, g.write(way[0], -1), readOnly)
	}
	time.Sleep(300 * time.Millisecond)
	acknowledged := writer.end()
	t.Logf("%d writes, longest outage %s", len(acknowledged), writer.longest.Round(time.Millisecond))
	require.Greater(t, len(acknowledged), 50)
	assert.Empty(t, missing(acknowledged, g.read(west)))
	g.eventually(east, g.read(west))
}

func TestASwitchoverClosesTheConnectionsOfTheDemotedWriter(t *testing.T) {
	g := newGlobalDatabase(t)
	connection, err := g.seen[east].Conn(t.Context())
	require.NoError(t, err)
	defer connection.Close()
	transaction, err := connection.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	_, err = transaction.Exec("INSERT INTO unishop.writes VALUES (1)")
	require.NoError(t, err)
	idle, err := g.seen[east].Conn(t.Context())
	require.NoError(t, err)
	defer idle.Close()
	g.move("switchover", east, west)
	assert.Error(t, idle.PingContext(t.Context()))
	assert.Error(t, transaction.Commit(), "a transaction that was open must not be acknowledged")
	assert.Empty(t, g.read(west))
}

func TestAFailoverAfterAnOutageLosesNothingThatHasArrived(t *testing.T) {
	eitherWay(t, func(t *testing.T, g *globalDatabase, lost, target string) {
		require.NoError(t, g.write(lost, 0))
		g.eventually(target, []int{0})
		for id := range 99 {
			require.NoError(t, g.write(lost, id+1))
		}
		time.Sleep(100 * time.Millisecond)
		require.NoError(t, g.world.TakeDown(lost))
		require.Error(t, g.write(lost, 100))
		begin := time.Now()
		g.move("failover", lost, target)
		t.Logf("failover: %s", time.Since(begin).Round(time.Millisecond))
		assert.Len(t, g.read(target), 100)
		require.NoError(t, g.write(target, 100))
	})
}

// As the emulator does until it works.
func TestAResynchronisationWithoutTheWriterIsTriedAgain(t *testing.T) {
	eitherWay(t, func(t *testing.T, g *globalDatabase, lost, target string) {
		require.NoError(t, g.write(lost, 1))
		g.eventually(target, []int{1})
		require.NoError(t, g.world.TakeDown(lost))
		g.move("failover", lost, target)
		require.NoError(t, g.world.BringBack(t.Context(), lost))
		require.NoError(t, g.world.TakeDown(target))
		event := emulator.Event{Name: emulator.MemberResynchronised, GlobalCluster: "unishop", Region: lost,
			Cluster: member(lost).Cluster, Writer: member(target)}
		require.ErrorContains(t, g.world.Handle(t.Context(), &event), "has no writer to replicate from")

		// Its own region goes, too, and both come back.
		require.NoError(t, g.world.TakeDown(lost))
		require.NoError(t, g.world.BringBack(t.Context(), target))
		require.NoError(t, g.write(target, 2))
		require.ErrorContains(t, g.world.Handle(t.Context(), &event), lost+" has an outage")
		require.NoError(t, g.world.BringBack(t.Context(), lost))
		require.NoError(t, g.world.Handle(t.Context(), &event))
		assert.Equal(t, []int{1, 2}, g.read(lost))
		require.NoError(t, g.write(target, 3))
		g.eventually(lost, []int{1, 2, 3})
	})
}

func TestAFailoverWithADelayLosesExactlyTheLatestWrites(t *testing.T) {
	const delay = 3 * time.Second
	eitherWay(t, func(t *testing.T, g *globalDatabase, lost, target string) {
		require.NoError(t, g.world.SetReplicationDelay(t.Context(), delay))
		writer := g.startWriter(1)
		time.Sleep(delay + 2*time.Second)
		acknowledged := writer.end()
		require.NoError(t, g.world.TakeDown(lost))
		outage := time.Now()
		g.move("failover", lost, target)

		found := g.read(target)
		missed := missing(acknowledged, found)
		require.NotEmpty(t, missed)
		require.NotEmpty(t, found)
		assert.Equal(t, acknowledged, append(slices.Clone(found), missed...), "the latest, and no gap")
		since := outage.Sub(writer.at[missed[0]])
		t.Logf("%d of %d writes lost: %s", len(missed), len(acknowledged), since.Round(time.Millisecond))
		assert.InDelta(t, delay.Seconds(), since.Seconds(), 1.2)

		// What was lost stays lost when the region returns, and does not come back by replication either.
		require.NoError(t, g.world.BringBack(t.Context(), lost))
		require.ErrorContains(t, g.write(lost, -1), readOnly, "it has not been made the writer again")
		require.NoError(t, g.write(target, 1000000))
		g.resynchronise(lost, target)
		assert.Equal(t, append(found, 1000000), g.read(lost))
		require.NoError(t, g.world.SetReplicationDelay(t.Context(), 0))
		g.move("switchover", target, lost)
		require.NoError(t, g.write(lost, 1000001))
		g.eventually(target, append(found, 1000000, 1000001))
	})
}

func TestAFailoverWithoutAnOutageFencesTheOldWriter(t *testing.T) {
	g := newGlobalDatabase(t)
	g.move("failover", east, west)
	require.ErrorContains(t, g.write(east, 1), readOnly)
	require.NoError(t, g.write(west, 2))
	g.resynchronise(east, west)
	g.eventually(east, []int{2})
}

func TestARegionReturnsAsItWas(t *testing.T) {
	eitherWay(t, func(t *testing.T, g *globalDatabase, lost, other string) {
		require.NoError(t, g.write(lost, 1))
		require.NoError(t, g.world.TakeDown(lost))
		require.NoError(t, g.world.BringBack(t.Context(), lost))
		require.NoError(t, g.write(lost, 2), "the writer is the writer again, on its old port")

		require.NoError(t, g.world.TakeDown(other))
		require.NoError(t, g.write(lost, 3))
		require.NoError(t, g.world.BringBack(t.Context(), other))
		g.eventually(other, []int{1, 2, 3})
		require.ErrorContains(t, g.write(other, 4), readOnly)
	})
}

// As when the writer's region dies during a switchover: the failover that follows must get through.
func TestASwitchoverThatCannotBeCompletedChangesNothing(t *testing.T) {
	eitherWay(t, func(t *testing.T, g *globalDatabase, lost, target string) {
		require.NoError(t, g.world.SetReplicationDelay(t.Context(), 60*time.Second))
		require.NoError(t, g.write(lost, 1))
		failed := make(chan error)
		go func() { failed <- g.tryMove("switchover", lost, target) }()
		time.Sleep(500 * time.Millisecond)
		require.NoError(t, g.world.TakeDown(lost))
		require.ErrorContains(t, <-failed, "switchover from unishop-"+lost+" to unishop-"+target)
		require.ErrorContains(t, g.write(target, 2), readOnly)

		require.NoError(t, g.world.BringBack(t.Context(), lost))
		require.NoError(t, g.write(lost, 2))
		require.NoError(t, g.world.TakeDown(lost))
		g.move("failover", lost, target)
		require.NoError(t, g.write(target, 3))
	})
}

func TestARebootBreaksConnectionsAndNothingElse(t *testing.T) {
	eitherWay(t, func(t *testing.T, g *globalDatabase, writer, reader string) {
		require.NoError(t, g.write(writer, 1))
		for _, region := range []string{writer, reader} {
			connection, err := g.seen[region].Conn(t.Context())
			require.NoError(t, err)
			event := emulator.Event{Name: emulator.DatabaseRebooted, Region: region, Cluster: member(region).Cluster}
			require.NoError(t, g.world.Handle(t.Context(), &event))
			assert.Error(t, connection.PingContext(t.Context()))
			_ = connection.Close() // broken
		}
		require.NoError(t, g.write(writer, 2))
		require.ErrorContains(t, g.write(reader, 3), readOnly)
		g.eventually(reader, []int{1, 2})
	})
}

func TestASecondInstanceOfAClusterIsRefused(t *testing.T) {
	g := newGlobalDatabase(t)
	err := g.world.Handle(t.Context(), &emulator.Event{Name: emulator.DatabaseCreated, Region: east, Instance: "second", Cluster: member(east).Cluster})
	require.ErrorContains(t, err, "second: cluster unishop-us-east-1 has a DB instance already")
}

func TestADelayIsInWholeSeconds(t *testing.T) {
	w := newWorld(t)
	require.ErrorContains(t, w.SetReplicationDelay(t.Context(), 1500*time.Millisecond), "replication delay 1.5s is not allowed: use whole seconds")
}

func TestThePasswordIsInNoFileAndNoProcessList(t *testing.T) {
	g := newGlobalDatabase(t)
	g.move("switchover", east, west)
	for _, db := range g.world.databases.inRegion("") {
		log, err := os.ReadFile(db.server.Log())
		require.NoError(t, err)
		assert.NotContains(t, string(log), masterPassword)
	}
	processes, err := os.ReadDir("/proc")
	if err != nil {
		t.Skip("no /proc here")
	}
	for _, process := range processes {
		command, _ := os.ReadFile("/proc/" + process.Name() + "/cmdline")
		assert.False(t, strings.Contains(string(command), masterPassword))
	}
}

func TestAReaderThatJoinsLateHasEverything(t *testing.T) {
	g := newGlobalDatabase(t)
	before := g.ports[west]
	require.NoError(t, g.world.SetReplicationDelay(t.Context(), 30*time.Second))
	require.NoError(t, g.world.Handle(t.Context(), &emulator.Event{Name: emulator.DatabaseDeleted, Region: west, Cluster: member(west).Cluster}))
	require.NoError(t, g.write(east, 1))
	g.create(west, false)
	assert.Equal(t, []int{1}, g.read(west), "at once, in spite of the delay")
	assert.Equal(t, before, g.ports[west], "made again under its old name, it is where it was")
}
