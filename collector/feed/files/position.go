package files

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/record"
)

// A position is what was read. It is stored with each record.
type position struct {
	Place  mark   `json:"place"`  // of the directory and the mask: all of this is about them
	Swept  int64  `json:"swept"`  // when the last whole look began, in nanoseconds since 1970; 0 before the first
	Before int64  `json:"before"` // files that were changed last before that, in nanoseconds, are taken for read
	Mute   bool   `json:"mute"`   // nothing new has come for too long
	Done   []byte `json:"done"`   // states of others that are done with, eight bytes each; maxDone at most

	Absent feed.Absent `json:"absent"` // calls that were told to be missing
	Series feed.Series `json:"series"` // numbers of calls, from file to file

	// The file that was read last. Without one the name is empty.
	Name  []byte `json:"name"`
	File  mark   `json:"file"`
	State mark   `json:"state"`
	Why   string `json:"why"`   // why it was given up; "" if it was not
	Whole bool   `json:"whole"` // it is done with
	Bad   int64  `json:"bad"`   // pieces of it that were rejected

	Head   []byte `json:"head"`    // digest of its first bytes, HeadSize or Offset
	Offset int64  `json:"offset"`  // of the first byte that was not read, unpacked
	LastAt int64  `json:"last_at"` // where its last record begins; -1 if there was none
	Last   []byte `json:"last"`    // digest of that
}

// maxWhy is how much of a reason is kept, in bytes.
const maxWhy = 300

// An encoder writes positions. It keeps what does not change from one record to
// the next, because json.Marshal would take longer than all the rest.
type encoder struct{ fixed, text []byte }

// settle notes what stays the same while a file is read.
func (e *encoder) settle(p *position) {
	b := strconv.AppendUint(append(e.fixed[:0], `{"place":`...), uint64(p.Place), 10)
	b = strconv.AppendInt(append(b, `,"swept":`...), p.Swept, 10)
	b = strconv.AppendInt(append(b, `,"before":`...), p.Before, 10)
	b = base64.StdEncoding.AppendEncode(append(b, `,"done":"`...), p.Done)
	b = base64.StdEncoding.AppendEncode(append(b, `","name":"`...), p.Name)
	b = strconv.AppendUint(append(b, `","file":`...), uint64(p.File), 10)
	b = strconv.AppendUint(append(b, `,"state":`...), uint64(p.State), 10)
	why, err := json.Marshal(p.Why)
	if err != nil {
		why = []byte(`""`) // of text there is none
	}
	e.fixed = append(append(b, `,"why":`...), why...)
}

// encode returns the position as JSON, valid until the next call.
func (e *encoder) encode(p *position) []byte {
	b := strconv.AppendBool(append(append(e.text[:0], e.fixed...), `,"whole":`...), p.Whole)
	b = strconv.AppendBool(append(b, `,"mute":`...), p.Mute)
	b = strconv.AppendInt(append(b, `,"bad":`...), p.Bad, 10)
	b = base64.StdEncoding.AppendEncode(append(b, `,"head":"`...), p.Head)
	b = strconv.AppendInt(append(b, `","offset":`...), p.Offset, 10)
	b = strconv.AppendInt(append(b, `,"last_at":`...), p.LastAt, 10)
	b = base64.StdEncoding.AppendEncode(append(b, `,"last":"`...), p.Last)
	b, _ = p.Absent.AppendText(append(b, `","absent":"`...)) // it has no error to tell
	b, _ = p.Series.AppendText(append(b, `","series":"`...)) // nor has this
	e.text = append(b, `"}`...)
	return e.text
}

// parsePosition reads what an encoder wrote.
func parsePosition(b []byte) (*position, error) {
	p := &position{LastAt: -1}
	if err := json.Unmarshal(b, p); err != nil {
		return nil, fmt.Errorf("stored position %.200q: %w", b, err)
	}
	if err := p.check(); err != nil {
		return nil, fmt.Errorf("stored position %.200q: %w", b, err)
	}
	return p, nil
}

func (p *position) check() error {
	digest := func(d []byte) bool { return len(d) == 0 || len(d) == len(record.Digest{}) }
	switch {
	case len(p.Done)%8 != 0 || len(p.Done) > 8*maxDone:
		return errors.New("its list of files is not one")
	case p.Offset < 0 || p.LastAt < -1 || p.LastAt > p.Offset || p.Bad < 0:
		return errors.New("numbers that do not fit each other")
	case !digest(p.Head) || !digest(p.Last) || len(p.Why) > maxWhy:
		return errors.New("texts of a wrong length")
	case p.LastAt >= 0 && len(p.Last) == 0 || p.Offset > 0 && len(p.Head) == 0:
		return errors.New("a digest is missing")
	}
	return nil
}

// begin makes the position tell of another file, at its beginning.
func (p *position) begin(e *entry) {
	p.Name, p.File, p.State = append(p.Name[:0], e.name...), e.file, e.state
	p.Why, p.Whole, p.Bad = "", false, 0
	p.Head, p.Offset, p.LastAt, p.Last = p.Head[:0], 0, -1, p.Last[:0]
}

// move notes how far the file was read; known is how it begins.
func (p *position) move(offset int64, known *feed.Memory) {
	if p.Offset < feed.HeadSize && offset > p.Offset {
		d := record.DigestOf(known.Head[:min(offset, int64(len(known.Head)))])
		p.Head = append(p.Head[:0], d[:]...)
	}
	p.Offset = offset
}

// record notes a record that begins at that place.
func (p *position) record(at int64, d record.Digest) {
	p.LastAt, p.Last = at, append(p.Last[:0], d[:]...)
}

// giveUp notes why nothing more is read of the file.
func (p *position) giveUp(why error) {
	p.Why = why.Error()
	if len(p.Why) > maxWhy {
		p.Why = strings.ToValidUTF8(p.Why[:maxWhy], "")
	}
	p.Whole = true
}

// done returns the states that are done with.
func (p *position) done() []mark {
	var all []mark
	for b := p.Done; len(b) > 0; b = b[8:] {
		all = append(all, mark(binary.BigEndian.Uint64(b)))
	}
	return all
}
