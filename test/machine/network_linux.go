package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"

	"unishop-pilot-light/drill/mariadb"
)

// Addresses as in a VPC of 10.0.0.0/16: https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html
const (
	router   = "10.0.0.1" // AWS's endpoint and the database are here, too
	resolver = "10.0.0.2"
	metadata = "169.254.169.254"
	bridge   = "vpc"
)

// makeNetwork makes the network that the machines are connected to. It is in this program's namespace and has no way out.
func makeNetwork(ctx context.Context) error {
	for _, words := range []string{
		"link set lo up",
		// With a separate address, or it takes another port's whenever a machine comes or goes, and no packet finds it.
		"link add " + bridge + " address 02:00:00:00:00:01 type bridge",
		"address add " + router + "/16 dev " + bridge,
		"address add " + resolver + "/32 dev " + bridge,
		"address add " + metadata + "/32 dev " + bridge,
		"link set " + bridge + " up",
	} {
		if out, err := exec.CommandContext(ctx, "ip", strings.Fields(words)...).CombinedOutput(); err != nil {
			return fmt.Errorf("ip %s: %w: %s", words, err, out)
		}
	}
	return nil
}

// serve serves an address until the program ends.
func serve(address string, handler http.Handler) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	go func() { _ = http.Serve(listener, handler) }()
	return nil
}

// serveBundle serves the certificates of RDS's authorities where AWS publishes them.
func (s *system) serveBundle() error {
	host, path, _ := strings.Cut(mariadb.Bundle, "/")
	folder := filepath.Join(s.dir, "truststore")
	if err := os.Mkdir(folder, 0o700); err != nil {
		return err
	}
	certificate, key, err := s.authority.Vouch(folder, host)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", router+":443")
	if err != nil {
		return err
	}
	s.names.set(host, router)
	files := http.NewServeMux()
	files.HandleFunc("GET /"+path, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(s.authority.Certificates) })
	go func() { _ = http.ServeTLS(listener, files, certificate, key) }()
	return nil
}

// forward has a port of the router be the one of the loopback interface.
func forward(port int) error {
	listener, err := net.Listen("tcp", fmt.Sprintf("%s:%d", router, port))
	if err != nil {
		return err
	}
	go func() {
		for {
			from, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer from.Close()
				to, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
				if err != nil {
					return
				}
				defer to.Close()
				go func() { _, _ = io.Copy(to, from); _ = to.Close() }()
				_, _ = io.Copy(from, to)
			}()
		}
	}()
	return nil
}

// names is the VPC's DNS.
type names struct {
	lock sync.Mutex
	all  map[string]string // name -> address
}

func (n *names) set(name, address string) {
	n.lock.Lock()
	defer n.lock.Unlock()
	n.all[name] = address
}

func (n *names) find(name string) net.IP {
	n.lock.Lock()
	defer n.lock.Unlock()
	return net.ParseIP(n.all[name]).To4()
}

func (n *names) serve() error {
	socket, err := net.ListenPacket("udp", resolver+":53")
	if err != nil {
		return err
	}
	go func() {
		packet := make([]byte, 4096)
		for {
			length, from, err := socket.ReadFrom(packet)
			if err != nil {
				return
			}
			if answer, err := n.answer(packet[:length]); err == nil {
				_, _ = socket.WriteTo(answer, from)
			}
		}
	}()
	return nil
}

// answer answers one question: https://www.rfc-editor.org/rfc/rfc1035#section-4.1
func (n *names) answer(query []byte) ([]byte, error) {
	const header, typeA, nameError = 12, 1, 3
	var labels []string
	at := header
	for at < len(query) && query[at] != 0 {
		end := at + 1 + int(query[at])
		if end > len(query) {
			return nil, errors.New("a label goes beyond the packet")
		}
		labels = append(labels, strings.ToLower(string(query[at+1:end])))
		at = end
	}
	if len(query) < at+5 {
		return nil, errors.New("no question")
	}
	end := at + 5 // the name's end, type and class
	address := n.find(strings.Join(labels, "."))
	answer := append(append([]byte(nil), query[:2]...), 0x84, 0x80, 0, 1, 0, 0, 0, 0, 0, 0) // authoritative, recursion is available
	answer = append(answer, query[header:end]...)
	switch {
	case address == nil:
		answer[3] |= nameError
	case binary.BigEndian.Uint16(query[at+1:]) == typeA:
		answer[7] = 1
		answer = append(answer, 0xc0, header, 0, typeA, 0, 1, 0, 0, 0, 1, 0, 4) // the name above, for a second
		answer = append(answer, address...)
	}
	return answer, nil
}
