package store

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
)

func TestQuickCheck(t *testing.T) {
	path := file(t)
	s := schema(`CREATE TABLE note (text TEXT) STRICT; CREATE INDEX note_text ON note (text)`)
	db := open(t, path, s)
	for range 40 {
		if err := write(t.Context(), db, strings.Repeat("x", 2000)); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.QuickCheck(t.Context()); err != nil {
		t.Error(err)
	}
	if version, err := db.SchemaVersion(t.Context()); err != nil || version != 1 {
		t.Errorf("schema %d, %v", version, err)
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if err := db.QuickCheck(over); !errors.Is(err, context.Canceled) || errors.Is(err, ErrCorrupt) {
		t.Errorf("cut off: %v", err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const page = 4096
	for i := 5 * page; i < 7*page; i++ {
		text[i] = 0xa5
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := open(t, path, s).QuickCheck(t.Context()); !errors.Is(err, ErrCorrupt) {
		t.Errorf("two pages are broken: %v", err)
	}
}
