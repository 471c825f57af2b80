package main

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// role is whose credentials the metadata service returns.
const role = "unishop"

// credentials are those of the instances' role; nothing else opens AWS to a machine.
type credentials struct{ key, secret, token string }

func newCredentials() credentials {
	return credentials{"ASIA" + rand.Text()[:16], rand.Text(), rand.Text()}
}

// imds is the instance metadata service, version 2.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html
type imds struct {
	credentials credentials
	who         func(address string) *machine

	lock   sync.Mutex
	tokens map[string]*machine
}

func (s *imds) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	address, _, _ := net.SplitHostPort(r.RemoteAddr)
	m := s.who(address)
	version, path, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	switch {
	case m == nil:
		http.Error(w, "404 - Not Found", http.StatusNotFound)
	case r.Method == http.MethodPut && r.URL.Path == "/latest/api/token":
		s.giveToken(w, r, m)
	case version == "latest" && !s.knows(r.Header.Get("X-Aws-Ec2-Metadata-Token"), m):
		// Away from EC2 cloud-init asks without a token, under paths with a date; on EC2 with one:
		// https://github.com/canonical/cloud-init/blob/main/cloudinit/sources/DataSourceEc2.py
		http.Error(w, "401 - Unauthorized", http.StatusUnauthorized)
	default:
		s.answer(w, m, path)
	}
}

func (s *imds) giveToken(w http.ResponseWriter, r *http.Request, m *machine) {
	if r.Header.Get("X-Aws-Ec2-Metadata-Token-Ttl-Seconds") == "" {
		http.Error(w, "400 - Bad Request", http.StatusBadRequest)
		return
	}
	token := rand.Text()
	s.lock.Lock()
	s.tokens[token] = m
	s.lock.Unlock()
	w.Header().Set("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", "21600")
	_, _ = io.WriteString(w, token)
}

func (s *imds) knows(token string, m *machine) bool {
	s.lock.Lock()
	defer s.lock.Unlock()
	return s.tokens[token] == m
}

// answer answers a leaf with its value, and a folder with what is in it.
func (s *imds) answer(w http.ResponseWriter, m *machine, path string) {
	tree := s.tree(m)
	if value, ok := tree[strings.TrimSuffix(path, "/")]; ok {
		_, _ = io.WriteString(w, value)
		return
	}
	var entries []string
	for name := range tree {
		if below, ok := strings.CutPrefix(name, strings.TrimSuffix(path, "/")+"/"); ok {
			entry, _, deeper := strings.Cut(below, "/")
			if deeper {
				entry += "/"
			}
			entries = append(entries, entry)
		}
	}
	if len(entries) == 0 {
		http.Error(w, "404 - Not Found", http.StatusNotFound)
		return
	}
	slices.Sort(entries)
	_, _ = io.WriteString(w, strings.Join(slices.Compact(entries), "\n"))
}

func (s *imds) tree(m *machine) map[string]string {
	document, _ := json.Marshal(map[string]string{ // cannot fail
		"Code": "Success", "Type": "AWS-HMAC", "AccessKeyId": s.credentials.key, "SecretAccessKey": s.credentials.secret,
		"Token": s.credentials.token, "LastUpdated": time.Now().UTC().Format(time.RFC3339),
		"Expiration": time.Now().Add(6 * time.Hour).UTC().Format(time.RFC3339),
	})
	private := fmt.Sprintf("ip-%s.ec2.internal", strings.ReplaceAll(m.PrivateIP, ".", "-"))
	tree := map[string]string{
		"meta-data/ami-id": m.ImageID, "meta-data/instance-id": m.Instance, "meta-data/instance-type": m.InstanceType,
		"meta-data/hostname": private, "meta-data/local-hostname": private, "meta-data/local-ipv4": m.PrivateIP,
		"meta-data/public-hostname": m.publicName(), "meta-data/public-ipv4": m.PublicIP,
		"meta-data/placement/region": region, "meta-data/placement/availability-zone": region + "a",
		"meta-data/iam/security-credentials/" + role: string(document),
	}
	if m.UserData != "" {
		tree["user-data"] = m.UserData
	}
	return tree
}

// front is AWS as the machines reach it: the emulator, but only for who has the role's credentials.
type front struct {
	credentials credentials
	emulator    *httputil.ReverseProxy
	signals     atomic.Int64 // to CloudFormation
}

func newFront(c credentials, endpoint string) (*front, error) {
	target, err := url.Parse(endpoint)
	if err != nil {
		return nil, err
	}
	return &front{credentials: c, emulator: &httputil.ReverseProxy{
		Rewrite:   func(p *httputil.ProxyRequest) { p.SetURL(target) },
		Transport: &http.Transport{}, // the default one would ask a proxy from the environment
	}}, nil
}

func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	signed := strings.Contains(r.Header.Get("Authorization"), "Credential="+f.credentials.key+"/")
	if !signed || r.Header.Get("X-Amz-Security-Token") != f.credentials.token {
		http.Error(w, "<Error><Code>AccessDenied</Code><Message>not the role's credentials</Message></Error>", http.StatusForbidden)
		return
	}
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		text, _ := io.ReadAll(r.Body) // what is cut short the emulator refuses
		r.Body = io.NopCloser(bytes.NewReader(text))
		if strings.Contains(string(text), "Action=SignalResource") {
			f.signals.Add(1)
		}
	}
	f.emulator.ServeHTTP(w, r)
}
