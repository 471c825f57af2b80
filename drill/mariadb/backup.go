package mariadb

import (
	"context"
	"fmt"
	"os"
	"time"
)

// Keep copies the data of a server that does not run to a folder, as a snapshot of its volume.
func (s *Server) Keep(folder string) error {
	return os.CopyFS(folder, os.DirFS(s.data()))
}

// Fill gives a server that does not run the data of a folder. It starts as after a power failure.
func (s *Server) Fill(folder string) error {
	if err := os.RemoveAll(s.data()); err != nil {
		return err
	}
	return os.CopyFS(s.data(), os.DirFS(folder))
}

// Repeat gives an empty server everything that another one has written up to a position, and makes it a writer.
func (s *Server) Repeat(ctx context.Context, source *Server, password, position string) error {
	if err := s.exec(ctx, s.source(source, password, 0), "START SLAVE UNTIL master_gtid_pos = "+quote(position)); err != nil {
		return err
	}
	for {
		reached, err := s.ask(ctx, "SELECT @@GLOBAL.gtid_slave_pos")
		if err != nil {
			return err
		}
		if reached == position {
			return s.exec(ctx, "STOP SLAVE", "RESET SLAVE ALL", "SET GLOBAL read_only = 0")
		}
		if err := s.replicationError(ctx); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("restored to %s of %s: %w", reached, position, ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Count says how many rows a table has.
func (s *Server) Count(ctx context.Context, table string) (string, error) {
	return s.ask(ctx, "SELECT COUNT(*) FROM "+table)
}
