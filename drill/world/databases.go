package world

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"unishop-pilot-light/drill/emulator"
	"unishop-pilot-light/drill/mariadb"
	"unishop-pilot-light/drill/reaper"
)

// databases are the servers behind the DB instances: one a cluster, that is all this project has.
type databases struct {
	dir     string
	install mariadb.Install
	// authority signs the certificates of the servers.
	authority mariadb.Authority
	reaper    *reaper.Reaper
	hosts     *hosts
	password  string // of the user that replicas connect as

	// moving is held while servers are added, removed or change their roles. The outage of a region does not wait for it.
	moving sync.Mutex
	count  int // of servers so far
	delay  time.Duration
	// ports of the servers, also of those that are gone: what is made again under its old name has its old endpoint.
	ports map[emulator.Member]int

	stop context.CancelFunc // of the sampling

	lock sync.Mutex // for what follows
	all  map[emulator.Member]*database
	down map[string]bool // regions
}

type database struct {
	emulator.Member
	global         string // the global cluster
	address        string // of the DB instance
	clusterAddress string
	server         *mariadb.Server
	writer         bool
	// diverged is set between a failover away from it and its resynchronisation: its data are of no use.
	diverged bool
	// samples are the positions that it has had as a writer.
	samples []sample
}

// sample: everything up to a position had been written at a time.
type sample struct {
	at       time.Time
	position string
}

// sampled is how often positions are noted. Aurora's backups are continuous: a restored cluster has what was written up to
// the time that is asked for. Here it may lack the writes of the latest such interval, and never has later ones.
const sampled = 200 * time.Millisecond

func (d *databases) sample(ctx context.Context) {
	for ctx.Err() == nil {
		for _, db := range d.inRegion("") {
			d.lock.Lock()
			writes := db.writer
			d.lock.Unlock()
			if !writes || !db.server.Running() {
				continue
			}
			position, err := db.server.Position(ctx) // fails while a server is starting, or going
			d.lock.Lock()
			if count := len(db.samples); err == nil && position != "" && (count == 0 || db.samples[count-1].position != position) {
				db.samples = append(db.samples, sample{time.Now(), position})
			}
			d.lock.Unlock()
		}
		select {
		case <-ctx.Done():
		case <-time.After(sampled):
		}
	}
}

// positionAt is the latest position that a cluster is known to have had at a time; empty: none is.
func (d *databases) positionAt(db *database, at time.Time) (position string) {
	d.lock.Lock()
	defer d.lock.Unlock()
	for _, s := range db.samples {
		if !s.at.After(at) {
			position = s.position
		}
	}
	return position
}

// restore fills an empty server with the data of a backup. AWS needs the cluster itself for it no more; here it must run.
func (d *databases) restore(ctx context.Context, db *database, from emulator.Backup) error {
	if from.Snapshot != "" {
		if err := errors.Join(db.server.Fill(d.volume(from.Member, from.Snapshot)), d.start(ctx, db)); err != nil {
			return err
		}
		return db.server.Promote(ctx)
	}
	source, err := d.find(from.Member)
	if err != nil {
		return err
	}
	at := time.UnixMicro(int64(from.Time * 1e6))
	position := d.positionAt(source, at)
	if position == "" {
		return fmt.Errorf("cluster %s in %s has no backup of %s: it did not write before", from.Cluster, from.Region, at)
	}
	if err := d.start(ctx, db); err != nil {
		return err
	}
	return db.server.Repeat(ctx, source.server, d.password, position)
}

// Rows counts those of a table of a cluster.
func (w *World) Rows(ctx context.Context, of emulator.Member, table string) (string, error) {
	db, err := w.databases.find(of)
	if err != nil {
		return "", err
	}
	return db.server.Count(ctx, table)
}

// volume is where the data of a snapshot are.
func (d *databases) volume(of emulator.Member, snapshot string) string {
	return filepath.Join(d.dir, of.Region, "snapshots", snapshot)
}

// names of the endpoints that clients may use.
func (db *database) names() []string {
	if db.clusterAddress == "" {
		return []string{db.address}
	}
	return []string{db.address, db.clusterAddress}
}

func newDatabases(dir string, install mariadb.Install, authority mariadb.Authority, r *reaper.Reaper, h *hosts) *databases {
	d := &databases{dir: dir, install: install, authority: authority, reaper: r, hosts: h, password: mariadb.NewReplicationPassword(),
		ports: map[emulator.Member]int{}, all: map[emulator.Member]*database{}, down: map[string]bool{}}
	ctx, stop := context.WithCancel(context.Background())
	d.stop = stop
	go d.sample(ctx)
	return d
}

func (d *databases) find(member emulator.Member) (*database, error) {
	d.lock.Lock()
	defer d.lock.Unlock()
	found, ok := d.all[member]
	if !ok {
		return nil, fmt.Errorf("cluster %s in %s has no database: its DB instance was never created", member.Cluster, member.Region)
	}
	return found, nil
}

// inRegion lists the databases of a region; of every region when it is empty.
func (d *databases) inRegion(region string) (found []*database) {
	d.lock.Lock()
	defer d.lock.Unlock()
	for _, db := range d.all {
		if region == "" || db.Region == region {
			found = append(found, db)
		}
	}
	return found
}

// writerOf a global cluster, or nil.
func (d *databases) writerOf(global string) *database {
	for _, db := range d.inRegion("") {
		if db.global == global && global != "" && db.writer {
			return db
		}
	}
	return nil
}

// created starts a server for a DB instance, and sets the event's port to it. A reader has everything that the writer
// has when this returns.
func (d *databases) created(ctx context.Context, event *emulator.Event) error {
	d.moving.Lock()
	defer d.moving.Unlock()
	db := &database{
		Member: emulator.Member{Region: event.Region, Cluster: event.Cluster},
		global: event.GlobalCluster, address: event.Address, clusterAddress: event.ClusterAddress, writer: event.IsWriter,
	}
	if _, err := d.find(db.Member); err == nil {
		return fmt.Errorf("%s: cluster %s has a DB instance already, and more than one is not known here", event.Instance, event.Cluster)
	}
	server, err := d.newServer(db)
	if err != nil {
		return err
	}
	db.server = server
	if event.RestoredFrom != nil {
		err = d.restore(ctx, db, *event.RestoredFrom)
	} else {
		err = d.fill(ctx, db, mariadb.Credentials{User: event.MasterUsername, Password: event.MasterUserPassword})
	}
	if err != nil {
		return errors.Join(fmt.Errorf("%s: %w", event.Instance, err), server.Remove())
	}
	d.lock.Lock()
	d.all[db.Member] = db
	d.lock.Unlock()
	event.Port = server.Port
	return d.publish()
}

func (d *databases) newServer(db *database) (*mariadb.Server, error) {
	d.count++
	server, err := d.install.New(mariadb.Options{ID: d.count, Dir: filepath.Join(d.dir, db.Region, db.Cluster),
		Port: d.ports[db.Member], Names: db.names(), Authority: d.authority, Reaper: d.reaper})
	if err == nil {
		d.ports[db.Member] = server.Port
	}
	return server, err
}

// fill starts an empty server as what it is to be.
func (d *databases) fill(ctx context.Context, db *database, master mariadb.Credentials) error {
	if !db.writer {
		return d.join(ctx, db)
	}
	if err := d.start(ctx, db); err != nil {
		return err
	}
	return db.server.Initialise(ctx, master, d.password)
}

// join starts an empty server that replicates everything from the writer, and returns when it has caught up.
func (d *databases) join(ctx context.Context, db *database) error {
	writer := d.writerOf(db.global)
	if writer == nil || !writer.server.Running() {
		return fmt.Errorf("global cluster %q has no writer to replicate from", db.global)
	}
	if err := d.start(ctx, db); err != nil {
		return err
	}
	return d.catchUp(ctx, db, writer)
}

// start starts a server, unless an outage of its region begins meanwhile.
func (d *databases) start(ctx context.Context, db *database) error {
	if err := db.server.Start(ctx); err != nil {
		return err
	}
	d.lock.Lock()
	defer d.lock.Unlock()
	if d.down[db.Region] {
		return errors.Join(fmt.Errorf("%s has an outage", db.Region), db.server.Kill())
	}
	return nil
}

// catchUp makes a server follow the writer, without the delay until it has caught up: Aurora copies a volume at once.
func (d *databases) catchUp(ctx context.Context, db, writer *database) error {
	position, err := writer.server.Position(ctx)
	if err != nil {
		return err
	}
	if err := db.server.Follow(ctx, writer.server, d.password, 0); err != nil {
		return err
	}
	if err := db.server.Await(ctx, position, writer.server); err != nil || d.delay == 0 {
		return err
	}
	return db.server.SetDelay(ctx, d.delay)
}

func (d *databases) deleted(event *emulator.Event) error {
	d.moving.Lock()
	defer d.moving.Unlock()
	db, err := d.find(emulator.Member{Region: event.Region, Cluster: event.Cluster})
	if err != nil {
		return err
	}
	d.lock.Lock()
	delete(d.all, db.Member)
	d.lock.Unlock()
	return errors.Join(db.server.Remove(), d.publish())
}

// rebooted restarts a server: its connections break, and its data and its role stay.
func (d *databases) rebooted(ctx context.Context, event *emulator.Event) error {
	d.moving.Lock()
	defer d.moving.Unlock()
	db, err := d.find(emulator.Member{Region: event.Region, Cluster: event.Cluster})
	if err != nil {
		return err
	}
	if err := db.server.Stop(ctx); err != nil {
		return fmt.Errorf("%s: %w", db.Cluster, err)
	}
	return d.startAgain(ctx, db)
}

// startAgain starts a server with the data that it had. A writer is the writer again, a reader goes on replicating, and
// one that a failover went away from stays read-only until it is resynchronised.
func (d *databases) startAgain(ctx context.Context, db *database) error {
	err := d.start(ctx, db)
	if err == nil && db.writer {
		err = db.server.SetWritable(ctx)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", db.Cluster, err)
	}
	return nil
}

// moved moves the writer of a global cluster.
func (d *databases) moved(ctx context.Context, event *emulator.Event) error {
	d.moving.Lock()
	defer d.moving.Unlock()
	from, err := d.find(event.From)
	if err != nil {
		return err
	}
	to, err := d.find(event.To)
	if err != nil {
		return err
	}
	move := d.switchOver
	if event.Way == "failover" {
		move = d.failOver
	}
	if err := move(ctx, from, to); err != nil {
		return fmt.Errorf("%s from %s to %s: %w", event.Way, from.Cluster, to.Cluster, err)
	}
	d.lock.Lock()
	from.writer, to.writer, from.diverged = false, true, event.Way == "failover"
	d.lock.Unlock()
	return d.publish()
}

// failOver asks the old writer nothing. When it lives it is fenced, so that no one writes what would be lost for sure.
func (d *databases) failOver(ctx context.Context, from, to *database) error {
	if from.server.Running() {
		_ = from.server.SetReadOnly(ctx) // as well as it can be done, as AWS does it
	}
	return to.server.Promote(ctx)
}

// switchOver lets no write pass until the new writer has them all. When it cannot be done, the old one goes on.
func (d *databases) switchOver(ctx context.Context, from, to *database) error {
	if err := d.handOver(ctx, from, to); err != nil {
		return errors.Join(err, from.server.SetWritable(context.WithoutCancel(ctx)))
	}
	return from.server.Follow(ctx, to.server, d.password, d.delay)
}

func (d *databases) handOver(ctx context.Context, from, to *database) error {
	if err := from.server.SetReadOnly(ctx); err != nil {
		return err
	}
	position, err := from.server.Position(ctx)
	if err != nil {
		return err
	}
	if err := to.server.Await(ctx, position, from.server); err != nil {
		return err
	}
	return to.server.Promote(ctx)
}

// resynchronised rebuilds a member from the writer: its old data, with what was lost in the failover, are gone.
func (d *databases) resynchronised(ctx context.Context, event *emulator.Event) error {
	d.moving.Lock()
	defer d.moving.Unlock()
	db, err := d.find(emulator.Member{Region: event.Region, Cluster: event.Cluster})
	if err != nil {
		return err
	}
	d.count++
	if err := db.server.Kill(); err != nil {
		return err
	}
	// When an earlier try has got so far, it is kept already.
	if kept := d.volume(db.Member, event.Snapshot); event.Snapshot != "" && db.diverged {
		if err := os.RemoveAll(kept); err != nil {
			return err
		}
		if err := db.server.Keep(kept); err != nil {
			return err
		}
		d.lock.Lock()
		db.diverged = false
		d.lock.Unlock()
	}
	if err := db.server.Empty(d.count); err != nil {
		return err
	}
	if err := d.join(ctx, db); err != nil {
		return fmt.Errorf("resynchronise %s: %w", db.Cluster, err)
	}
	d.lock.Lock()
	db.diverged = false
	d.lock.Unlock()
	return nil
}

// setReplicationDelay is for the members that replicate now, and those to come.
func (d *databases) setReplicationDelay(ctx context.Context, delay time.Duration) error {
	d.moving.Lock()
	defer d.moving.Unlock()
	d.delay = delay
	for _, db := range d.inRegion("") {
		if db.writer || db.diverged || !db.server.Running() {
			continue
		}
		if err := db.server.SetDelay(ctx, delay); err != nil {
			return fmt.Errorf("%s: %w", db.Cluster, err)
		}
	}
	return nil
}

// takeDown kills a region's servers, in the middle of whatever they do.
func (d *databases) takeDown(region string) (err error) {
	d.lock.Lock()
	d.down[region] = true
	d.lock.Unlock()
	for _, db := range d.inRegion(region) {
		err = errors.Join(err, db.server.Kill())
	}
	return errors.Join(err, d.elsewhere(region, (*mariadb.Server).Cut))
}

// elsewhere does something to the servers of other regions that run.
func (d *databases) elsewhere(region string, do func(*mariadb.Server, context.Context) error) (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	for _, db := range d.inRegion("") {
		if db.Region != region && db.server.Running() {
			err = errors.Join(err, do(db.server, ctx))
		}
	}
	return err
}

// bringBack starts a region's servers again.
func (d *databases) bringBack(ctx context.Context, region string) error {
	d.moving.Lock()
	defer d.moving.Unlock()
	d.lock.Lock()
	delete(d.down, region)
	d.lock.Unlock()
	for _, db := range d.inRegion(region) {
		if err := d.startAgain(ctx, db); err != nil {
			return err
		}
	}
	return d.elsewhere(region, (*mariadb.Server).Resume)
}

func (d *databases) close() (err error) {
	d.stop()
	for _, db := range d.inRegion("") {
		err = errors.Join(err, db.server.Close())
	}
	return err
}

// publish writes the names that resolve. A cluster's own endpoint resolves only while it is the writer.
func (d *databases) publish() error {
	names := []string{}
	for _, db := range d.inRegion("") {
		names = append(names, db.address)
		if db.writer && db.clusterAddress != "" {
			names = append(names, db.clusterAddress)
		}
	}
	return d.hosts.write(names)
}
