package world

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

// hosts is a file in the shape of /etc/hosts. It is all that a machine's JVM resolves: jdk.net.hosts.file has no other
// source beside it. https://docs.oracle.com/en/java/javase/25/docs/api/java.base/java/net/doc-files/net-properties.html
type hosts struct{ file string }

func (h *hosts) write(names []string) error {
	own, err := os.Hostname() // a JVM asks for it
	if err != nil {
		return err
	}
	var text strings.Builder
	for _, name := range append([]string{"localhost", own}, slices.Sorted(slices.Values(names))...) {
		fmt.Fprintf(&text, "127.0.0.1 %s\n", name)
	}
	// Never half written: a process may read it right now.
	if err := os.WriteFile(h.file+".new", []byte(text.String()), 0o644); err != nil {
		return err
	}
	return os.Rename(h.file+".new", h.file)
}
