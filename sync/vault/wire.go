// Package vault is the place for backups on the twin, both ends of it: a server
// sends its backups there, and learns which of them are there. Over the link
// nothing in it is ever read, overwritten or deleted: whoever breaks into a
// server cannot reach the copies of its past.
package vault

import (
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"

	"github.com/twinctl/twin/collector/backup"
)

// The verbs of a vault, and where pieces go in the link's tree.
const (
	Prefix    = "backup."
	VerbOffer = "backup.offer" // Offer, backup.Come
	VerbKeep  = "backup.keep"  // Keep, nothing
	VerbList  = "backup.list"  // ListQuestion, ListAnswer
	Tree      = "backups/"
)

// Why the vault does not answer, and why it is not believed.
var (
	// ErrVerb: none of a vault's verbs.
	ErrVerb = errors.New("unknown verb")
	// ErrQuestion: malformed.
	ErrQuestion = errors.New("question refused")
	// ErrUntrusted: the twin says what cannot be.
	ErrUntrusted = errors.New("the twin's word on backups is not to be believed")
)

const (
	piece   = 8 << 20 // bytes that go at once
	mostSum = 64      // digits
	perList = 500     // sets
)

// An Offer is a backup that is to be kept.
type Offer struct {
	Name     string `json:"name"`
	Manifest []byte `json:"manifest"`
}

// Keep says that all pieces were sent.
type Keep struct {
	Name string `json:"name"`
	Sum  string `json:"sum"` // of the manifest
}

// A ListQuestion asks which backups of the asker there are.
type ListQuestion struct {
	After string `json:"after"`
}

// A ListAnswer tells it, in the order of their names.
type ListAnswer struct {
	Sets []backup.Kept `json:"sets"`
	More bool          `json:"more,omitempty"`
}

// pathOf returns where a piece goes: backups/SET/FILE/AT-SIZE.
func pathOf(p backup.Place) string {
	return fmt.Sprintf("%s%s/%s/%d-%d", Tree, p.Set, p.File, p.At, p.Size)
}

// parsePath reads such a path, written as pathOf does and no other way.
func parsePath(text string) (p backup.Place, err error) {
	dir, extent := path.Split(text)
	set, file, _ := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(dir, Tree), "/"), "/")
	at, size, _ := strings.Cut(extent, "-")
	p = backup.Place{Set: set, File: file}
	var wrong [2]error
	p.At, wrong[0] = strconv.ParseInt(at, 10, 64)
	p.Size, wrong[1] = strconv.ParseInt(size, 10, 64)
	if errors.Join(wrong[:]...) != nil || pathOf(p) != text || p.At < 0 || p.Size < 1 || strings.ContainsAny(p.File, "/\x00") {
		return p, backup.ErrPiece
	}
	return p, nil
}
