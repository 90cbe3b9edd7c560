// Package cucm reads the call detail records that a Cisco Unified Communications
// Manager writes into files: one for each leg of a call, a line of values with
// commas between, below a line of the columns' names and one of their types.
//
// Later versions have more columns, as a rule behind the others. So the columns
// that are read here stand at the same place in nearly all files, and a record
// is the line alone. In a file that has them elsewhere a record is the line of
// names, a line feed, and the line: it can be understood by itself either way,
// and is the same for whoever reads the file.
package cucm

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/twinctl/twin/collector/record"
)

// A Column is one of those that are read here.
type Column int

// The columns.
const (
	RecordType Column = iota
	ManagerID
	CallID
	OrigLeg
	Origination
	CallingNumber
	DestLeg
	CalledNumber
	FinalNumber
	DestCause
	Connect
	Disconnect
	UniqueID
	Duration
	OrigDevice
	DestDevice

	columns = int(DestDevice) + 1
)

// usual says how the columns are called, in small letters, and where they
// usually stand, counted from 0. Of what follows a second name is an older one.
var usual = [columns]struct {
	names []string
	place int
}{
	RecordType:    {[]string{"cdrrecordtype"}, 0},
	ManagerID:     {[]string{"globalcallid_callmanagerid"}, 1},
	CallID:        {[]string{"globalcallid_callid"}, 2},
	OrigLeg:       {[]string{"origlegcallidentifier"}, 3},
	Origination:   {[]string{"datetimeorigination"}, 4},
	CallingNumber: {[]string{"callingpartynumber"}, 8},
	DestLeg:       {[]string{"destlegidentifier", "destlegcallidentifier"}, 25},
	CalledNumber:  {[]string{"originalcalledpartynumber"}, 29},
	FinalNumber:   {[]string{"finalcalledpartynumber"}, 30},
	DestCause:     {[]string{"destcause_value"}, 33},
	Connect:       {[]string{"datetimeconnect"}, 47},
	Disconnect:    {[]string{"datetimedisconnect"}, 48},
	UniqueID:      {[]string{"pkid"}, 50},
	Duration:      {[]string{"duration"}, 55},
	OrigDevice:    {[]string{"origdevicename"}, 56},
	DestDevice:    {[]string{"destdevicename"}, 57},
}

// Places says where the columns stand, counted from 0; -1 is nowhere.
type Places [columns]int

// UsualPlaces returns where the columns stand in nearly all files.
func UsualPlaces() Places {
	var p Places
	for c := range p {
		p[c] = usual[c].place
	}
	return p
}

// mostCells is how many cells of a line are looked at.
const mostCells = 1024

// ErrManagement is returned for the names of a file of call management records:
// what the two ends of a call measured of its sound. It is delivered beside those
// of calls, into the same directory.
var ErrManagement = errors.New("it holds call management records, and no calls")

// ReadNames reads the line of the columns' names. It is an error if the line is
// none: the time of a record and the number of its call must be told.
func ReadNames(line []byte) (Places, error) {
	var p Places
	for c := range p {
		p[c] = -1
	}
	measured := false
	place := 0
	for rest, more := line, true; more && place < mostCells; place++ {
		var cell []byte
		cell, rest, more = cut(rest)
		name := bytes.ToLower(bytes.TrimSpace(cell))
		measured = measured || string(name) == "numberpacketssent"
		if c := column(name); c >= 0 && p[c] < 0 {
			p[c] = place
		}
	}
	switch {
	case p[RecordType] != 0:
		return p, errors.New("its first line does not begin with the name cdrRecordType")
	case p[CallID] < 0:
		return p, errors.New("its first line names no column globalCallID_callId")
	case p[Disconnect] < 0 && measured:
		return p, ErrManagement
	case p[Disconnect] < 0:
		return p, errors.New("its first line names no column dateTimeDisconnect")
	}
	return p, nil
}

func column(name []byte) Column {
	for c := range usual {
		if slices.Contains(usual[c].names, string(name)) {
			return Column(c)
		}
	}
	return -1
}

// IsNames tells the line of the columns' names from all others.
func IsNames(line []byte) bool {
	cell, _, _ := cut(line)
	return slices.Contains(usual[RecordType].names, string(bytes.ToLower(bytes.TrimSpace(cell))))
}

// IsTypes tells the line of the columns' types, as INTEGER and VARCHAR(50), from
// one of values.
func IsTypes(line []byte) bool {
	cell, _, _ := cut(line)
	return string(bytes.ToUpper(bytes.TrimSpace(cell))) == "INTEGER"
}

// A Record is one leg of a call: the cells of its columns, without their quotes.
// What the file does not tell is empty.
type Record [columns][]byte

// Read takes a record apart. It is an error if it is none, or does not have the
// column of its time.
func Read(raw []byte) (Record, error) {
	var r Record
	p := UsualPlaces()
	if names, line, two := bytes.Cut(raw, []byte{'\n'}); two {
		var err error
		if p, err = ReadNames(names); err != nil {
			return r, err
		}
		raw = line
	}
	last := 0
	for _, at := range p {
		last = max(last, at)
	}
	n := 0
	for rest, more := raw, true; more && n <= last; n++ {
		var cell []byte
		cell, rest, more = cut(rest)
		for c, at := range p {
			if at == n {
				r[c] = cell
			}
		}
	}
	if n <= p[Disconnect] {
		return r, fmt.Errorf("%d columns: want %d at least", n, p[Disconnect]+1)
	}
	return r, nil
}

// Number returns a column that is a whole number of at most 15 digits.
func (r *Record) Number(c Column) (n int64, known bool) {
	const digits = 15
	b := bytes.TrimSpace(r[c])
	if len(b) == 0 || len(b) > digits {
		return 0, false
	}
	for _, d := range b {
		if d < '0' || d > '9' {
			return 0, false
		}
		n = 10*n + int64(d-'0')
	}
	return n, true
}

// Time returns a column that is seconds since 1970. 0 is never.
func (r *Record) Time(c Column) (at record.Instant, known bool) {
	n, known := r.Number(c)
	if !known || n == 0 || n > 1<<40 {
		return 0, false
	}
	return record.Instant(n) * record.Second, true
}

// cut takes the first cell off a line, without its quotes. A quote that is never
// closed takes in the rest.
func cut(line []byte) (cell, rest []byte, more bool) {
	if len(line) == 0 || line[0] != '"' {
		return bytes.Cut(line, []byte{','})
	}
	end := 1
	for ; end < len(line); end++ {
		if line[end] != '"' {
			continue
		}
		if end+1 == len(line) || line[end+1] != '"' {
			break
		}
		end++
	}
	cell = line[1:min(end, len(line))]
	if end >= len(line) {
		return cell, nil, false
	}
	_, rest, more = bytes.Cut(line[end+1:], []byte{','})
	return cell, rest, more
}
