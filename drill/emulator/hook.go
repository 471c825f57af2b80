package emulator

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
)

// The events. Each says that something is about to show in AWS; it shows when the hook has returned.
const (
	// InstanceLaunched: an EC2 instance runs. All fields of an instance are set.
	InstanceLaunched = "instance-launched"
	// InstanceTerminated: an EC2 instance is to end. All fields of an instance are set.
	InstanceTerminated = "instance-terminated"
	// InstanceRebooted: an EC2 instance is to reboot. All fields of an instance are set.
	InstanceRebooted = "instance-rebooted"
	// InstanceStopped: an EC2 instance is to stop, and keeps its disk. All fields of an instance are set.
	InstanceStopped = "instance-stopped"
	// InstanceStarted: an EC2 instance that was stopped runs. All fields of an instance are set; the public ones are others
	// than before.
	InstanceStarted = "instance-started"
	// DatabaseCreated: a DB instance starts. All fields of a DB instance are set. The hook may set Port to another one: the
	// endpoint's is that.
	DatabaseCreated = "database-created"
	// DatabaseDeleted: a DB instance is gone. All fields of a DB instance are set.
	DatabaseDeleted = "database-deleted"
	// DatabaseRebooted: a DB instance reboots, and is available again when the hook has returned. All fields of a DB instance
	// are set.
	DatabaseRebooted = "database-rebooted"
	// WriterChanged: GlobalCluster's writer moves From one member To another, by Way.
	WriterChanged = "writer-changed"
	// ImageBaked: Image Builder has built Images from the Bundle that its component downloads.
	ImageBaked = "image-baked"
	// MemberResynchronised: Cluster in Region, which lost its data in a failover, replicates from Writer again.
	MemberResynchronised = "member-resynchronised"
)

// Event is something that happened in the emulator. Name says which of the fields are set.
type Event struct {
	Name   string `json:"event"`
	Region string `json:"region"`

	// Instance is the id of an EC2 instance, or the identifier of a DB instance.
	Instance string `json:"instance"`

	// Of an EC2 instance. Stack and LogicalID are empty when it belongs to no stack, the public ones in a subnet that
	// assigns no public address.
	Stack         string `json:"stack"`
	LogicalID     string `json:"logicalId"`
	ImageID       string `json:"imageId"`
	InstanceType  string `json:"instanceType"`
	UserData      string `json:"userData"`
	PublicIP      string `json:"publicIp"`
	PublicDNSName string `json:"publicDnsName"`
	PrivateIP     string `json:"privateIp"`

	// Of a DB instance. IsWriter: its cluster is the writer of its global cluster, or in none.
	Cluster       string `json:"cluster"`
	GlobalCluster string `json:"globalCluster"`
	IsWriter      bool   `json:"isWriter"`
	Address       string `json:"address"`
	Port          int    `json:"port"`
	// ClusterAddress is the endpoint of its cluster, which resolves only while the cluster is the writer.
	ClusterAddress string `json:"clusterAddress"`
	// The cluster's master user. Of a cluster that joined a global cluster they say nothing: it has the writer's.
	MasterUsername     string `json:"masterUsername"`
	MasterUserPassword string `json:"masterUserPassword"`

	// RestoredFrom is where a DB instance's cluster has its data from; nil: it is new. Of a member that is resynchronised,
	// Snapshot keeps the data that it had.
	RestoredFrom *Backup `json:"restoredFrom"`
	Snapshot     string  `json:"snapshot"`

	// Of an image that was baked: its id in every region, and where its contents are, "s3://bucket/key".
	Images []string `json:"images"`
	Bundle string   `json:"bundle"`

	From   Member `json:"from"`
	To     Member `json:"to"`
	Writer Member `json:"writer"`
	Way    string `json:"way"` // "failover" or "switchover"
}

// Backup is what a cluster is restored from: the data of a cluster at a time, or a snapshot of a volume.
type Backup struct {
	Member
	Time     float64 `json:"time"` // in seconds of 1970
	Snapshot string  `json:"snapshot"`
}

// Member is a DB cluster of a global cluster.
type Member struct {
	Region  string `json:"region"`
	Cluster string `json:"cluster"`
}

// serveHook returns the URL to which the emulator posts its events; it is empty when there is no hook.
func (e *Emulator) serveHook(ctx context.Context, hook func(context.Context, *Event) error) (string, error) {
	if hook == nil {
		return "", nil
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	e.hook = &http.Server{
		BaseContext: func(net.Listener) context.Context { return ctx },
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			var event Event
			if err := json.NewDecoder(r.Body).Decode(&event); err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
			if err := hook(r.Context(), &event); err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}
			_ = json.NewEncoder(w).Encode(map[string]int{"port": event.Port}) // the emulator may have gone
		}),
	}
	go func() { _ = e.hook.Serve(listener) }() // ends when it is closed
	return "http://" + listener.Addr().String(), nil
}

func (e *Emulator) closeHook() {
	if e.hook != nil {
		_ = e.hook.Close()
	}
}
