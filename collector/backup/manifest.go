package backup

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
)

const (
	manifestSchema  = 1
	longestManifest = 8 << 20
)

// A Manifest says what a set holds.
type Manifest struct {
	Schema     int              `json:"schema"`
	Name       string           `json:"name"`
	Kind       Kind             `json:"kind"`
	Number     int64            `json:"number"` // of this server's sets, upwards
	Server     string           `json:"server"` // its own, for ever
	ServerName string           `json:"server_name"`
	Pair       string           `json:"pair"` // "" while it was alone
	Role       node.Role        `json:"role"`
	Epoch      int64            `json:"epoch"`            // the highest that it had seen
	At         record.Instant   `json:"at"`               // the history is as it was then
	Done       record.Instant   `json:"done"`             // verified
	Parent     string           `json:"parent,omitempty"` // of an incremental one
	ParentSum  string           `json:"parent_sum,omitempty"`
	Line       string           `json:"line"`       // a restored server begins another: see node.Restored
	Generation int64            `json:"generation"` // of the administration data
	History    history.Contents `json:"history"`
	Whole      bool             `json:"whole,omitempty"` // copied by VACUUM INTO
	Version    string           `json:"version"`         // of the program
	Files      []File           `json:"files"`
}

// A File is one of a set.
type File struct {
	Name    string           `json:"name"`
	Size    int64            `json:"size"`
	Sum     string           `json:"sum"` // SHA-256
	Packed  int64            `json:"size_packed"`
	PackSum string           `json:"sum_packed"`
	Schema  int              `json:"schema,omitempty"` // of a database
	Tables  map[string]int64 `json:"tables,omitempty"` // and its rows
}

// Stored returns the file's name as it lies at a destination.
func (f File) Stored() string { return f.Name + packed }

// Bytes returns what the set takes at its destination, but for the manifest.
func (m Manifest) Bytes() (n int64) {
	for _, f := range m.Files {
		n += f.Packed
	}
	return n
}

func (m Manifest) file(name string) (File, bool) {
	i := slices.IndexFunc(m.Files, func(f File) bool { return f.Name == name })
	if i < 0 {
		return File{}, false
	}
	return m.Files[i], true
}

// sumMark stands before the hash of all that is above it, which ends the file.
const sumMark = "\nsha256 "

// encode returns the file, and its hash by which a child knows its parent.
func (m Manifest) encode() (text []byte, sum string, err error) {
	text, err = json.MarshalIndent(m, "", " ")
	if err != nil {
		return nil, "", err
	}
	sum = sumOf(text)
	return fmt.Appendf(text, "%s%s\n", sumMark, sum), sum, nil
}

func sumOf(text []byte) string {
	h := sha256.Sum256(text)
	return hex.EncodeToString(h[:])
}

// decodeManifest reads a file that encode wrote. Any other byte in it is
// ErrDamaged.
func decodeManifest(name string, r io.Reader) (m Manifest, sum string, err error) {
	text, err := io.ReadAll(io.LimitReader(r, longestManifest))
	if err != nil {
		return m, "", err
	}
	at := bytes.LastIndex(text, []byte(sumMark))
	if at < 0 {
		return m, "", fmt.Errorf("%w: its manifest has no hash", ErrDamaged)
	}
	sum = sumOf(text[:at])
	if string(text[at:]) != sumMark+sum+"\n" {
		return m, "", fmt.Errorf("%w: its manifest does not fit its hash", ErrDamaged)
	}
	d := json.NewDecoder(bytes.NewReader(text[:at]))
	if err := d.Decode(&m); err != nil {
		return m, "", fmt.Errorf("%w: its manifest: %w", ErrDamaged, err)
	}
	switch {
	case m.Schema != manifestSchema:
		return m, "", fmt.Errorf("%w: its manifest is of version %d, this program knows %d", ErrDamaged, m.Schema, manifestSchema)
	case m.Name != name:
		return m, "", fmt.Errorf("%w: its manifest is that of %s", ErrDamaged, m.Name)
	}
	return m, sum, errors.Join(m.check())
}

// check refuses a manifest that no backup can have: it names files that are
// written when a server is restored.
func (m Manifest) check() error {
	is, err := ParseName(m.Name)
	if err != nil || is.Kind != m.Kind || is.Number != m.Number || (m.Kind == Incremental) != (m.Parent != "") {
		return fmt.Errorf("%w: its manifest is not that of %s", ErrDamaged, m.Name)
	}
	if m.Parent != "" {
		_, err = ParseName(m.Parent)
	}
	if err = errors.Join(err, inert.Name(m.ServerName)); err != nil {
		return fmt.Errorf("%w: its manifest has a name that cannot be: %w", ErrDamaged, err)
	}
	for i, f := range m.Files {
		twice := slices.ContainsFunc(m.Files[:i], func(o File) bool { return o.Name == f.Name })
		if twice || !slices.Contains(knownFiles(), f.Name) || !sane(f.Size) || !sane(f.Packed) {
			return fmt.Errorf("%w: its manifest has a file %q", ErrDamaged, f.Name)
		}
	}
	return nil
}

// sane tells whether a file can have so many bytes: sums of a few never wrap.
func sane(size int64) bool { return size >= 0 && size < 1<<50 }
