package feed

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFillSetsWhatWasLeftOut(t *testing.T) {
	ami := Kind{Name: "ami", Format: "ami", Overruns: true}
	tail := Kind{Name: "tail"}
	for name, c := range map[string]struct {
		kind       Kind
		said, want Options
	}{
		"nothing said": {
			ami,
			Options{Name: "pbx"},
			Options{Name: "pbx", Source: "pbx", Format: "ami", FrameLimit: 64 << 10, QueueLimit: 64 << 20},
		},
		"an upstream that can wait": {
			tail,
			Options{Name: "log", Format: "text"},
			Options{Name: "log", Source: "log", Format: "text", FrameLimit: 64 << 10, QueueLimit: DefaultQueueLimit},
		},
		"all said": {
			ami,
			Options{Name: "a", Source: "b", Format: "text", FrameLimit: 256, QueueLimit: 512},
			Options{Name: "a", Source: "b", Format: "text", FrameLimit: 256, QueueLimit: 512},
		},
	} {
		t.Run(name, func(t *testing.T) {
			o := c.said
			if err := o.Fill(c.kind); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, o); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestFillBlamesTheKey(t *testing.T) {
	for name, c := range map[string]struct {
		said Options
		key  string
	}{
		"frames too short":         {Options{Format: "text", FrameLimit: 255}, "frame_limit"},
		"frames below nothing":     {Options{Format: "text", FrameLimit: -1}, "frame_limit"},
		"frames too long":          {Options{Format: "text", FrameLimit: 16<<20 + 1}, "frame_limit"},
		"queue for less than two":  {Options{Format: "text", FrameLimit: 1000, QueueLimit: 1999}, "queue_limit"},
		"queue below nothing":      {Options{Format: "text", QueueLimit: -1}, "queue_limit"},
		"long frames, usual queue": {Options{Format: "text", FrameLimit: 16 << 20}, "queue_limit"},
		"no format":                {Options{}, "format"},
	} {
		t.Run(name, func(t *testing.T) {
			err := c.said.Fill(Kind{Name: "tail"})
			var blamed *KeyError
			if !errors.As(err, &blamed) || blamed.Key != c.key {
				t.Errorf("Fill: %v, want it to blame %s", err, c.key)
			}
		})
	}
}
