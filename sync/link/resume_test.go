package link_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twinctl/twin/fixtures/await"
	"github.com/twinctl/twin/sync/apply"
	"github.com/twinctl/twin/sync/bundle"
	"github.com/twinctl/twin/sync/link"
)

// An offering is what the verbs "offer" and "open" are asked with. Only a test
// names the folder of a spool.
type offering struct {
	Dir      string
	Manifest bundle.Manifest
}

func spoolVerb(ctx context.Context, verb string, args json.RawMessage) (any, error) {
	var o offering
	if err := json.Unmarshal(args, &o); err != nil {
		return nil, err
	}
	s := apply.Spool{Dir: o.Dir}
	switch verb {
	case "offer":
		return s.Offer(ctx, o.Manifest, time.Now())
	case "open":
		whole, err := s.Open(o.Manifest.Name)
		if err != nil {
			return nil, err
		}
		return whole.Size(), whole.Close()
	}
	return nil, fmt.Errorf("no verb %q", verb)
}

// spoolUpload takes spool/DIR/..., with the folder in hex digits.
func spoolUpload(path string) (link.Upload, error) {
	rest, ok := strings.CutPrefix(path, "spool/")
	dir, rest, cut := strings.Cut(rest, "/")
	name, err := hex.DecodeString(dir)
	if !ok || !cut || err != nil {
		return nil, fs.ErrNotExist
	}
	upload, err := apply.Spool{Dir: string(name)}.Create(rest)
	if err != nil {
		return nil, err
	}
	return upload, nil
}

// A parcel is a bundle on its way to a spool.
type parcel struct {
	offering
	bytes []byte
}

func newParcel(t *testing.T, size int64) parcel {
	t.Helper()
	p := parcel{offering: offering{Dir: filepath.Join(t.TempDir(), "spool")}, bytes: make([]byte, size)}
	_, _ = rand.NewChaCha8([32]byte{7}).Read(p.bytes)
	p.Manifest = bundle.ManifestOf(p.bytes)
	return p
}

// send sends what is missing, and returns how many pieces were.
func (p parcel) send(ctx context.Context, target link.Target) (missing int, err error) {
	c, err := link.Dial(ctx, target, link.Options{})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	var pieces []int
	if err := c.Call(ctx, "offer", p.offering, &pieces); err != nil {
		return 0, err
	}
	extents, err := p.Manifest.Extents(pieces)
	if err != nil {
		return 0, err
	}
	for _, e := range extents {
		path := "spool/" + hex.EncodeToString([]byte(p.Dir)) + "/" + e.Path()
		if err := c.Put(ctx, path, bytes.NewReader(p.bytes[e.At:e.At+e.Size]), e.Size); err != nil {
			return len(pieces), err
		}
	}
	return len(pieces), c.Call(ctx, "open", p.offering, nil)
}

// same demands that the spool holds the parcel, and nothing but it.
func (p parcel) same(t *testing.T) {
	t.Helper()
	var whole *apply.Whole
	await.Until(t, "nobody is at it any more", func() bool {
		var err error
		whole, err = apply.Spool{Dir: p.Dir}.Open(p.Manifest.Name)
		if !errors.Is(err, apply.ErrBusy) {
			must(t, err)
		}
		return err == nil
	})
	defer whole.Close()
	got := make([]byte, whole.Size())
	_, err := whole.ReadAt(got, 0)
	must(t, err)
	if !bytes.Equal(got, p.bytes) {
		t.Error("another file came than was sent")
	}
	files, err := filepath.Glob(filepath.Join(p.Dir, "*"))
	must(t, err)
	if len(files) != 1 {
		t.Errorf("the spool holds %q", files)
	}
}

// resumes cuts an upload at many points, and lets the next one go on from
// there. sshd drops what it has not handed on yet, up to 2 MiB of it.
func resumes(t *testing.T, h host) {
	whole := newParcel(t, 6<<20+77)
	missing, err := whole.send(t.Context(), h.target)
	must(t, err)
	if missing != 7 {
		t.Errorf("%d pieces were missing at first", missing)
	}
	whole.same(t)
	if missing, err := whole.send(t.Context(), h.target); missing != 0 || err != nil {
		t.Errorf("%d pieces are missing at last, %v", missing, err)
	}
	resumed := 0
	points := int64(64)
	if h.freeze != nil { // each session is a process
		points = 16
	}
	for i := range points {
		p := whole
		p.Dir = filepath.Join(t.TempDir(), "spool")
		at := 3000 + (6<<20)*i/(points-1) // the login, the offer, and nearly all of the bytes
		if _, err := p.send(t.Context(), newProxy(t, h, at, false)); !errors.Is(err, link.ErrLost) {
			t.Errorf("cut after %d bytes: %v", at, err)
		}
		missing, err := p.send(t.Context(), h.target)
		if err != nil {
			t.Fatalf("cut after %d bytes: going on: %v", at, err)
		}
		if missing < 7 {
			resumed++
		}
		p.same(t)
	}
	if resumed < int(points)/8 {
		t.Errorf("only %d of %d went on from where they were", resumed, points)
	}
}
