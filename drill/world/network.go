package world

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"unishop-pilot-light/drill/mariadb"
)

// metadataAddress is the instance metadata service's, in every VPC.
const metadataAddress = "169.254.169.254"

// roles is where the metadata service names an instance's role, and has its credentials below.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-metadata-security-credentials.html
const roles = "iam/security-credentials/"

// network is what a machine finds on its VPC's network and nowhere else: its metadata, the names of other machines, and,
// because they have to be somewhere, its systemd and the certificates of RDS's authorities. A machine reaches it as a
// proxy, and its name there is its id.
type network struct {
	world *World

	lock   sync.Mutex
	tokens map[string]string // of the metadata service: token -> instance
}

func newNetwork(w *World) *network { return &network{world: w, tokens: map[string]string{}} }

func (n *network) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id, metadata := proxyUser(r), r.Host == metadataAddress
	if r.URL.Host == "" { // an SDK's request, which knows no proxy for the metadata service
		id, metadata = strings.Split(r.URL.Path, "/")[1], true
		r = withoutFirstFolder(r)
	}
	m := n.world.machines.find(id)
	switch {
	case m == nil:
		http.Error(w, fmt.Sprintf("machine %q is not known", id), http.StatusProxyAuthRequired)
	case metadata:
		n.metadata(w, r, m)
	case r.Host == "systemd":
		n.systemd(w, r, m)
	case r.Host+r.URL.Path == mariadb.Bundle:
		_, _ = w.Write(n.world.databases.authority.Certificates)
	default:
		if other := n.world.machines.named(hostName(r)); other != nil && other.Region == m.Region {
			w.Header().Set("Private-Address", other.PrivateIP)
		}
		n.world.front.ServeHTTP(w, r)
	}
}

func withoutFirstFolder(r *http.Request) *http.Request {
	changed := r.Clone(r.Context())
	_, path, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	changed.URL.Path = "/" + path
	return changed
}

func proxyUser(r *http.Request) string {
	asked := http.Request{Header: http.Header{"Authorization": r.Header["Proxy-Authorization"]}}
	user, _, _ := asked.BasicAuth()
	return user
}

// systemd answers a status and a text to arguments, one a line.
func (n *network) systemd(w http.ResponseWriter, r *http.Request, m *machine) {
	text, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	do := m.manager().Systemctl
	if r.URL.Path == "/systemd-analyze" {
		do = m.manager().Analyze
	}
	out, status := do(strings.Split(strings.TrimSuffix(string(text), "\n"), "\n"))
	_, _ = fmt.Fprintf(w, "%d\n%s", status, out)
}

// metadata is the instance metadata service, version 2: nothing without a token.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html
func (n *network) metadata(w http.ResponseWriter, r *http.Request, m *machine) {
	if r.Method == http.MethodPut && r.URL.Path == "/latest/api/token" {
		n.giveToken(w, r, m)
		return
	}
	n.lock.Lock()
	owner := n.tokens[r.Header.Get("X-Aws-Ec2-Metadata-Token")]
	n.lock.Unlock()
	if owner != m.Instance {
		http.Error(w, "401 - Unauthorized", http.StatusUnauthorized)
		return
	}
	facts := map[string]string{
		"ami-id": m.ImageID, "instance-id": m.Instance, "instance-type": m.InstanceType, "local-ipv4": m.PrivateIP,
		"placement/region": m.Region, "public-hostname": m.PublicDNSName, "public-ipv4": m.PublicIP,
		roles: "machine", roles + "machine": credentials(),
	}
	name, _ := strings.CutPrefix(r.URL.Path, "/latest/meta-data/")
	if facts[name] == "" {
		http.Error(w, "404 - Not Found", http.StatusNotFound)
		return
	}
	_, _ = io.WriteString(w, facts[name])
}

// credentials are those of an instance's role; the emulator takes any.
func credentials() string {
	text, _ := json.Marshal(map[string]string{ // strings can be marshalled
		"Code": "Success", "Type": "AWS-HMAC", "AccessKeyId": "test", "SecretAccessKey": "test", "Token": "test",
		"LastUpdated": time.Now().UTC().Format(time.RFC3339), "Expiration": time.Now().Add(6 * time.Hour).UTC().Format(time.RFC3339),
	})
	return string(text)
}

func (n *network) giveToken(w http.ResponseWriter, r *http.Request, m *machine) {
	if r.Header.Get("X-Aws-Ec2-Metadata-Token-Ttl-Seconds") == "" {
		http.Error(w, "400 - Bad Request", http.StatusBadRequest)
		return
	}
	token := rand.Text()
	n.lock.Lock()
	n.tokens[token] = m.Instance
	n.lock.Unlock()
	_, _ = io.WriteString(w, token)
}
