// Package port finds free ports.
package port

import "net"

// Free returns a port of the loopback interface that nobody listens on now. Whoever wants it should not wait long.
func Free() (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port, nil
}
