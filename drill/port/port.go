// Package port finds free ports.
package port

import "net"

// Free returns a port of the loopback interface on which no process listens now. The caller should bind it soon.
func Free() (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port, nil
}
