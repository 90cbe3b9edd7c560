package backup

import (
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// forged returns the manifest of a set as it would be had it been made so.
func forged(t *testing.T, s Set, change func(*Manifest)) []byte {
	t.Helper()
	text, err := json.Marshal(s.Manifest)
	if err != nil {
		t.Fatal(err)
	}
	var m Manifest
	if err := json.Unmarshal(text, &m); err != nil {
		t.Fatal(err)
	}
	change(&m)
	sealed, _, err := m.encode()
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

// Whatever a hostile twin offers, nothing of it is begun.
func TestHostileOffers(t *testing.T) {
	r, s, in := arrive(t)
	for name, c := range map[string]struct {
		set  string
		text []byte
		want error
	}{
		"not a manifest":     {s.Title(), []byte("{}"), ErrDamaged},
		"one without end":    {s.Title(), make([]byte, longestIncoming+1), ErrDamaged},
		"another byte in it": {s.Title(), append([]byte{' '}, r.text(t, s)...), ErrDamaged},
		"another name":       {strings.Replace(s.Title(), "000001", "000002", 1), r.text(t, s), ErrDamaged},
		"a path as its name": {"../" + s.Title(), forged(t, s, func(m *Manifest) { m.Name = "../" + s.Title() }), ErrDamaged},
		"no name":            {"", forged(t, s, func(m *Manifest) { m.Name = "" }), ErrDamaged},
		"of another server":  {s.Title(), forged(t, s, func(m *Manifest) { m.Server = "another" }), ErrForeign},
		"a file of another":  {s.Title(), forged(t, s, func(m *Manifest) { m.Files[0].Name = "../../twin.toml" }), ErrDamaged},
		"a key":              {s.Title(), forged(t, s, func(m *Manifest) { m.Files[0].Name = "id_ed25519" }), ErrDamaged},
		"a file twice":       {s.Title(), forged(t, s, func(m *Manifest) { m.Files = append(m.Files, m.Files[0]) }), ErrDamaged},
		"no history":         {s.Title(), forged(t, s, func(m *Manifest) { m.Files = m.Files[1:] }), ErrDamaged},
		"nothing at all":     {s.Title(), forged(t, s, func(m *Manifest) { m.Files = nil }), ErrDamaged},
		"a negative size":    {s.Title(), forged(t, s, func(m *Manifest) { m.Files[0].Packed = -1 }), ErrDamaged},
		"beyond the quota":   {s.Title(), forged(t, s, func(m *Manifest) { m.Files[0].Packed = in.Quota }), ErrNoRoom},
		"sizes that wrap": {s.Title(), forged(t, s, func(m *Manifest) {
			m.Files[0].Packed, m.Files[1].Packed = math.MaxInt64, math.MaxInt64
		}), ErrDamaged},
		"a terabyte":             {s.Title(), forged(t, s, func(m *Manifest) { m.Files[0].Packed = 1 << 40 }), ErrNoRoom},
		"a history that is huge": {s.Title(), forged(t, s, func(m *Manifest) { m.Files[0].Size = math.MaxInt64 }), ErrDamaged},
		"a name that rings":      {s.Title(), forged(t, s, func(m *Manifest) { m.ServerName = "cms-a\a\x1b[2J" }), ErrDamaged},
		"a parent's name too":    {s.Title(), forged(t, s, func(m *Manifest) { m.Kind, m.Parent = Incremental, "\x1b[2J" }), ErrDamaged},
	} {
		if _, err := in.Offer(t.Context(), c.set, c.text); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
		for _, p := range []Place{{c.set, "history.db.zst", 0, 10}, {c.set, "manifest", 0, 10}} {
			if err := put(t.Context(), in, p, make([]byte, 10)); err == nil {
				t.Errorf("%s: a piece of it is taken", name)
			}
		}
		if err := in.Keep(t.Context(), c.set, s.Sum); err == nil {
			t.Errorf("%s: it is kept", name)
		}
	}
	entries, err := os.ReadDir(in.Dir)
	if err != nil || len(entries) != 1 || entries[0].Name() != incomingID {
		t.Errorf("left: %v, %v", entries, err)
	}
	beside, err := os.ReadDir(filepath.Dir(in.Dir))
	if err != nil || len(beside) != 1 {
		t.Errorf("beside: %v, %v", beside, err)
	}
}

// Nor does any piece go where it does not belong.
func TestHostilePieces(t *testing.T) {
	r, s, in := arrive(t)
	if _, err := in.Offer(t.Context(), s.Title(), r.text(t, s)); err != nil {
		t.Fatal(err)
	}
	f := s.Files[0]
	for name, p := range map[string]Place{
		"not offered":      {strings.Replace(s.Title(), "000001", "000002", 1), f.Stored(), 0, 10},
		"the manifest":     {s.Title(), manifestFile, 0, 10},
		"a path":           {s.Title(), "../../x", 0, 10},
		"of another set":   {"../" + s.Title(), f.Stored(), 0, 10},
		"behind a hole":    {s.Title(), f.Stored(), 10, 10},
		"before it":        {s.Title(), f.Stored(), -10, 10},
		"empty":            {s.Title(), f.Stored(), 0, 0},
		"negative":         {s.Title(), f.Stored(), 0, -1},
		"beyond its end":   {s.Title(), f.Stored(), 0, f.Packed + 1},
		"that wraps":       {s.Title(), f.Stored(), 1, math.MaxInt64},
		"large":            {s.Title(), f.Stored(), 0, LongestPiece + 1},
		"what has come":    {s.Title(), f.Stored() + cameMark + "0", 0, 10},
		"the lock of all":  {s.Title(), "../" + incomingID, 0, 10},
		"without the pack": {s.Title(), f.Name, 0, 10},
	} {
		if w, err := in.Create(t.Context(), p); !errors.Is(err, ErrPiece) {
			t.Errorf("%s: %v, %v", name, w, err)
		}
	}
	w, err := in.Create(t.Context(), Place{s.Title(), f.Stored(), 0, 10})
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []int64{-1, 1, math.MaxInt64} {
		if _, err := w.WriteAt(make([]byte, 10), at); !errors.Is(err, ErrPiece) {
			t.Errorf("10 bytes at %d of 10: %v", at, err)
		}
	}
	if _, err := in.Create(t.Context(), Place{s.Title(), f.Stored(), 0, 10}); !errors.Is(err, ErrBusy) {
		t.Errorf("two at once: %v", err)
	}
	if err := in.Keep(t.Context(), s.Title(), s.Sum); !errors.Is(err, ErrBusy) {
		t.Errorf("kept while it is written: %v", err)
	}
	if err := w.Close(); !errors.Is(err, ErrPiece) {
		t.Errorf("closed after an error: %v", err)
	}
}

// What is kept stays what it is.
func TestWhatIsKeptIsNotOverwritten(t *testing.T) {
	r, s, in := arrive(t)
	r.bring(t, s, in, 1<<20)
	if err := in.Keep(t.Context(), s.Title(), s.Sum); err != nil {
		t.Fatal(err)
	}
	another := forged(t, s, func(m *Manifest) { m.Version = "another" })
	if _, err := in.Offer(t.Context(), s.Title(), another); !errors.Is(err, ErrThere) {
		t.Errorf("another of its name: %v", err)
	}
	if err := in.Keep(t.Context(), s.Title(), strings.Repeat("0", 64)); !errors.Is(err, ErrThere) {
		t.Errorf("another sum: %v", err)
	}
	for _, f := range s.Files {
		for _, at := range []int64{0, f.Packed} {
			if err := put(t.Context(), in, Place{s.Title(), f.Stored(), at, 1}, []byte("x")); !errors.Is(err, ErrPiece) {
				t.Errorf("%s at %d: %v", f.Name, at, err)
			}
		}
	}
	if err := (Keeper{At: Directory(in.Dir)}).Verify(t.Context(), s.Title()); err != nil {
		t.Error(err)
	}
}

// What is there counts, whatever its manifest says.
func TestTheQuotaHolds(t *testing.T) {
	r, s, in := arrive(t)
	in.Quota = 4 * s.Bytes()
	kept := 0
	for range 6 {
		s = r.make(t, Full)
		if _, err := in.Offer(t.Context(), s.Title(), r.text(t, s)); err != nil {
			if !errors.Is(err, ErrNoRoom) {
				t.Fatal(err)
			}
			break
		}
		r.bring(t, s, in, 1<<20)
		if err := in.Keep(t.Context(), s.Title(), s.Sum); err != nil {
			t.Fatal(err)
		}
		kept++
	}
	used, _, _, err := in.used("")
	if err != nil || used > in.Quota || kept == 0 || kept > 3 {
		t.Errorf("%d kept, %d of %d bytes, %v", kept, used, in.Quota, err)
	}
	in.Quota, in.Spare = 1<<40, math.MaxInt64/2
	next := r.make(t, Full)
	if _, err := in.Offer(t.Context(), next.Title(), r.text(t, next)); !errors.Is(err, ErrNoRoom) {
		t.Errorf("a disk that is for others: %v", err)
	}
}
