package check

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"unishop-pilot-light/drill/stage"
	"unishop-pilot-light/internal/config"
	"unishop-pilot-light/internal/shopper"
	"unishop-pilot-light/unishop"
)

// Shows: the site of the primary's region is that of a changed page.
func Shows(words string) stage.Check {
	return func(ctx context.Context, d *stage.Drill) error {
		bucket, err := d.Bucket(ctx, config.Primary)
		if err != nil {
			return err
		}
		page, err := d.Object(ctx, bucket, "index.html")
		if err == nil && !bytes.Contains(page, []byte("<!-- "+words+" -->")) {
			err = fmt.Errorf("the site does not show the %s page", words)
		}
		return err
	}
}

// ReleasedFromClone: the object of the clone's version is the bundle that was built there.
func ReleasedFromClone(ctx context.Context, d *stage.Drill) error {
	folder := filepath.Join(d.Dir, string(stage.Clone), "unishop")
	version, err := unishop.VersionOf(os.DirFS(folder))
	if err != nil {
		return err
	}
	built, err := os.ReadFile(filepath.Join(folder, "target", "unishop-"+version+".tar.gz"))
	if err != nil {
		return err
	}
	uploaded, err := d.Object(ctx, "cdk-hnb659fds-assets-000000000000-"+stage.Regions[config.Primary], version)
	if err == nil && !bytes.Equal(uploaded, built) {
		err = fmt.Errorf("uploaded %d bytes, which differ from the %d bytes that were built", len(uploaded), len(built))
	}
	return err
}

// Refuses: the site of a side answers a new visitor with a status.
func Refuses(side config.Side, status int) stage.Check {
	return func(ctx context.Context, d *stage.Drill) error {
		found, err := Refusal(ctx, d, side)
		if err == nil && found != status {
			err = fmt.Errorf("the site of the %s answers with %d, want %d", side, found, status)
		}
		return err
	}
}

// Refusal is the status with which the site of a side refuses a new visitor.
func Refusal(ctx context.Context, d *stage.Drill, side config.Side) (int, error) {
	visitor := shopper.NewHTTP(d.Dial)
	defer visitor.Close()
	_, err := visitor.Open(ctx, d.Sites[side])
	var refusal *shopper.Refusal
	if err != nil && !errors.As(err, &refusal) {
		return 0, fmt.Errorf("the site of the %s neither serves nor refuses: %w", side, err)
	}
	if refusal == nil {
		return 0, fmt.Errorf("the site of the %s refuses no one", side)
	}
	return refusal.Status, nil
}
