package do

import (
	"context"
	"fmt"

	"unishop-pilot-light/drill/stage"
	"unishop-pilot-light/internal/config"
)

// Images remembers which images serve, and which the pilot light would boot, by a word of the scenario's.
type Images struct{ known map[string][2]string }

// Note remembers the images of now.
func (i *Images) Note(word string) stage.Action {
	return func(ctx context.Context, d *stage.Drill) (err error) {
		if i.known == nil {
			i.known = map[string][2]string{}
		}
		i.known[word], err = now(ctx, d)
		return err
	}
}

// Are the images of then: they serve, and the pilot light would boot them.
func (i *Images) Are(word string) stage.Check {
	return func(ctx context.Context, d *stage.Drill) error {
		found, err := now(ctx, d)
		if err == nil && found != i.known[word] {
			err = fmt.Errorf("us-east-1 runs from %s and us-west-1 would boot %s, want those of %q: %v", found[0], found[1], word, i.known[word])
		}
		return err
	}
}

// AreNot: both regions have another image than then.
func (i *Images) AreNot(word string) stage.Check {
	return func(ctx context.Context, d *stage.Drill) error {
		found, err := now(ctx, d)
		if err == nil && (found[0] == i.known[word][0] || found[1] == i.known[word][1]) {
			err = fmt.Errorf("%v are, or one of them is, the images of %q: %v", found, word, i.known[word])
		}
		return err
	}
}

// now is the image that the active primary runs from, and the one that is published.
func now(ctx context.Context, d *stage.Drill) (images [2]string, err error) {
	if images[0], err = d.Booted(config.Primary); err != nil {
		return images, err
	}
	images[1], err = d.System.Image(ctx)
	return images, err
}
