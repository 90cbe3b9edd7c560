package bundle

import (
	"encoding/json"
	"errors"
	"testing"
)

func FuzzParseExtent(f *testing.F) {
	name := Digest{1, 0xab}.String()
	for _, s := range []string{
		"", "bundles/" + name + "/0/1", "bundles/" + name + "/1048576/63", "bundles/" + name + "/-0/1", "bundles/" + name + "/00/1",
		"bundles/" + name + "/0/9223372036854775807", "bundles/" + name + "/9223372036854775807/1", "bundles/../0/1", "/bundles/" + name + "/0/1",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		e, err := ParseExtent(s)
		if err != nil {
			if !errors.Is(err, ErrBundle) || e != (Extent{}) {
				t.Errorf("%q: %+v, %v", s, e, err)
			}
			return
		}
		if e.Path() != s || e.At < 0 || e.Size < 1 || e.At+e.Size > MaxBytes || e.At%PieceSize != 0 {
			t.Errorf("%q is %+v", s, e)
		}
	})
}

// FuzzManifest reads a manifest and what is missing of it, both of the other
// side's making.
func FuzzManifest(f *testing.F) {
	f.Add([]byte(`{"name":"00","size":1,"pieces":[]}`), []byte(`[0]`))
	f.Add([]byte(`{"name":"`+Digest{}.String()+`","size":1,"pieces":["`+Digest{}.String()+`"]}`), []byte(`[0,0]`))
	f.Add([]byte(`{"size":1048577,"pieces":["`+Digest{}.String()+`","`+Digest{1}.String()+`"]}`), []byte(`[0,1]`))
	f.Add([]byte(`{"size":-1}`), []byte(`[-1]`))
	f.Fuzz(func(t *testing.T, manifest, missing []byte) {
		var m Manifest
		var pieces []int
		if json.Unmarshal(manifest, &m) != nil || json.Unmarshal(missing, &pieces) != nil || m.Check() != nil {
			return
		}
		extents, err := m.Extents(pieces)
		if err != nil {
			if !errors.Is(err, ErrBundle) {
				t.Errorf("%v", err)
			}
			return
		}
		var end int64
		for i, e := range extents {
			if again, err := ParseExtent(e.Path()); err != nil || again != e {
				t.Errorf("%+v is %+v, %v", e, again, err)
			}
			if e.At < end || i > 0 && e.At == end || e.At+e.Size > m.Size {
				t.Errorf("%+v of %d bytes", extents, m.Size)
			}
			end = e.At + e.Size
		}
	})
}
