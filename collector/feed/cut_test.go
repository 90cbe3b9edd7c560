package feed_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/fixtures/calls"
)

var noonTime = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func segments(n int) (all []calls.Segment) {
	for i := range n {
		all = append(all, calls.Segment{
			CallID: uint32(100 + i), Number: 1, Start: noonTime.Add(time.Duration(i) * time.Second),
			Stop: noonTime.Add(time.Duration(i+30) * time.Second), Split: 7, Disposition: 2, Agent: "4001", VDN: "5000",
		})
	}
	return all
}

func leg(i int) calls.Leg {
	return calls.Leg{
		CallID: 900 + i, From: "7001", To: "7002", Final: "7003", Key: fmt.Sprint("k", i),
		Start: noonTime, Answered: noonTime.Add(5 * time.Second), End: noonTime.Add(time.Duration(60+i) * time.Second),
	}
}

// cutAll cuts a file that comes in the pieces of the reader, and returns what is
// not nothing.
func cutAll(t *testing.T, format string, src io.Reader) (pieces []string, c feed.Cutter, err error) {
	t.Helper()
	c = feed.NewCutter(feed.Options{Format: format, FrameLimit: feed.DefaultFrameLimit}, src)
	for {
		piece, err := c.Next()
		if err != nil {
			return pieces, c, err
		}
		if len(piece) > 0 {
			pieces = append(pieces, string(piece))
		}
	}
}

func TestCutter(t *testing.T) {
	two := segments(2)
	text := string(calls.ECHText(two, time.UTC))
	usual := calls.CUCM([]calls.Leg{leg(0), leg(1)}, nil, nil)
	more := calls.CUCM([]calls.Leg{leg(0)}, nil, []string{"newer", "newest"})
	names, rest, _ := strings.Cut(string(calls.CUCM([]calls.Leg{leg(0)}, []string{"first"}, nil)), "\n")
	_, moved, _ := strings.Cut(rest, "\n")
	lines := func(b []byte) []string { return strings.Split(strings.TrimSpace(string(b)), "\n") }
	file := func(version uint32) string { return string(calls.ECH(version, 9, two)) }
	records := []string{file(12)[8:501], file(12)[501:]}
	for _, c := range []struct {
		name, format, file string
		want               []string
		left               int64 // unfinished
		misshapen          string
	}{
		{name: "lines", format: "queue_log", file: "a\n\nb\r\nhal", want: []string{"a", "b"}, left: 3},
		{name: "ech 12", format: "ech", file: file(12), want: records},
		{name: "ech 13", format: "ech", file: file(13), want: records},
		{name: "ech 14", format: "ech", file: file(14), want: records},
		{name: "ech, cut", format: "ech", file: file(12)[:700], want: records[:1], left: 199},
		{name: "ech, head alone", format: "ech", file: file(12)[:8]},
		{name: "ech, half a head", format: "ech", file: file(12)[:5], left: 5},
		{name: "ech, two bytes", format: "ech", file: "\x0c\x00", left: 2},
		{name: "ech, empty", format: "ech"},
		{name: "ech 11", format: "ech", file: file(11), misshapen: "version 11: want version 12, 13 or 14", left: -1},
		{name: "ech, packed", format: "ech", file: "\x1f\x8b\x08\x00rest", misshapen: "version 559903", left: -1},
		{name: "ech, text", format: "ech", file: text, want: strings.Split(strings.TrimSpace(text), "\r\n")},
		{name: "ech, text of three bytes", format: "ech", file: "a\nb", left: 3},
		{name: "ech, text of four bytes", format: "ech", file: "\nab\n", want: []string{"ab"}},
		{name: "cucm", format: "cucm_cdr", file: string(usual), want: lines(usual)[2:]},
		{name: "cucm, more columns", format: "cucm_cdr", file: string(more), want: lines(more)[2:]},
		{name: "cucm, moved columns", format: "cucm_cdr", file: names + "\n" + rest, want: []string{names + "\n" + strings.TrimSpace(moved)}},
		{name: "cucm, one file behind another", format: "cucm_cdr", file: string(usual) + string(usual), want: append(lines(usual)[2:], lines(usual)[2:]...)},
		{name: "cucm, no names", format: "cucm_cdr", file: lines(usual)[2] + "\n", misshapen: "does not begin with the name cdrRecordType", left: -1},
		{name: "cucm, no types", format: "cucm_cdr", file: lines(usual)[0] + "\n" + lines(usual)[2] + "\n", misshapen: "second line is not one of types", left: -1},
		{name: "cucm, of diagnostics", format: "cucm_cdr", file: "\"cdrRecordType\",\"globalCallID_callId\"\n", misshapen: "names no column dateTimeDisconnect", left: -1},
		{name: "cucm, of management", format: "cucm_cdr", file: string(calls.CMR(101, noonTime))},
		{name: "cucm, calls behind management", format: "cucm_cdr", file: string(calls.CMR(101, noonTime)) + string(usual), want: lines(usual)[2:]},
		{name: "cucm, management behind calls", format: "cucm_cdr", file: string(usual) + string(calls.CMR(101, noonTime)), want: lines(usual)[2:]},
		{name: "cucm, empty", format: "cucm_cdr"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for how, src := range map[string]io.Reader{
				"at once": strings.NewReader(c.file), "byte by byte": iotest.OneByteReader(strings.NewReader(c.file)),
			} {
				pieces, cutter, err := cutAll(t, c.format, src)
				if diff := cmp.Diff(c.want, pieces); diff != "" {
					t.Errorf("%s: pieces (-want +got):\n%s", how, diff)
				}
				var shape *feed.ShapeError
				switch {
				case c.misshapen == "" && !errors.Is(err, io.EOF):
					t.Errorf("%s: %v, want the end of the file", how, err)
				case c.misshapen != "" && (!errors.As(err, &shape) || !strings.Contains(err.Error(), c.misshapen)):
					t.Errorf("%s: %v, want a file that is not of its format: %s", how, err, c.misshapen)
				}
				if left, _ := cutter.Unfinished(); c.left >= 0 && (left != c.left || cutter.Consumed() != int64(len(c.file))-left) {
					t.Errorf("%s: %d bytes consumed and %d left of %d, want %d left", how, cutter.Consumed(), left, len(c.file), c.left)
				}
			}
		})
	}
}

// A file that grows is read on, wherever it ended before.
func TestCutterReadsOn(t *testing.T) {
	whole := calls.ECH(13, 1, segments(3))
	var grown bytes.Buffer
	c := feed.NewCutter(feed.Options{Format: "ech", FrameLimit: 256}, &grown)
	var n int
	for i := range whole {
		grown.WriteByte(whole[i])
		piece, err := c.Next()
		if err != nil && !errors.Is(err, io.EOF) {
			t.Fatal(err)
		}
		if len(piece) > 0 {
			n++
		}
	}
	if n != 3 || c.Consumed() != int64(len(whole)) {
		t.Errorf("%d records of %d bytes, want 3 of %d", n, c.Consumed(), len(whole))
	}
}

// Whatever a file holds, all of it is accounted for: in pieces, and as what is
// unfinished, unless it is not of the format at all.
func FuzzCutter(f *testing.F) {
	for i, format := range []string{"ech", "cucm_cdr", "smdr"} {
		f.Add(i, calls.ECH(12, 1, segments(2)))
		f.Add(i, calls.ECHText(segments(2), time.UTC))
		f.Add(i, calls.CUCM([]calls.Leg{leg(0)}, []string{"x"}, nil))
		f.Add(i, []byte(format+"\n\x00\r\n\x0c"))
	}
	f.Fuzz(func(t *testing.T, which int, file []byte) {
		formats := []string{"ech", "cucm_cdr", "smdr"}
		o := feed.Options{Format: formats[uint(which)%3], FrameLimit: 1 << 10}
		c := feed.NewCutter(o, iotest.HalfReader(bytes.NewReader(file)))
		var before int64
		for {
			piece, err := c.Next()
			var long *feed.LongLineError
			switch {
			case err == nil && len(piece) > 2*o.FrameLimit+1:
				t.Fatalf("a piece of %d bytes", len(piece))
			case err == nil || errors.As(err, &long):
			case errors.As(err, new(*feed.ShapeError)):
				return
			case errors.Is(err, io.EOF):
				if left, _ := c.Unfinished(); c.Consumed()+left != int64(len(file)) {
					t.Fatalf("%d consumed and %d left of %d bytes", c.Consumed(), left, len(file))
				}
				return
			default:
				t.Fatal(err)
			}
			if c.Consumed() <= before {
				t.Fatalf("nothing consumed at %d", before)
			}
			before = c.Consumed()
		}
	})
}

// endless goes on for ever with one byte, and counts how much was asked for.
type endless struct {
	with byte
	read int64
}

func (e *endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = e.with
	}
	e.read += int64(len(p))
	return len(p), nil
}

// A file of which a line never ends is none of its format: what came before is
// good, and it is not read for ever, whatever it goes on with.
func TestCutterOfALineWithoutEnd(t *testing.T) {
	for format, first := range map[string]string{"queue_log": "1|a\n", "cucm_cdr": "\n", "ech": "a line of text, which is no version\n"} {
		for _, with := range []byte{0, 'x'} {
			rest := &endless{with: with}
			c := feed.NewCutter(feed.Options{Format: format, FrameLimit: 256}, io.MultiReader(strings.NewReader(first), rest))
			if piece, err := c.Next(); err != nil || string(piece) != strings.TrimSpace(first) {
				t.Errorf("%s: first %q, %v", format, piece, err)
			}
			for range 2 {
				_, err := c.Next()
				shape, ok := errors.AsType[*feed.ShapeError](err)
				if !ok || !strings.Contains(err.Error(), "there is no line end in the 67") || shape.Format != format {
					t.Errorf("%s goes on: %v", format, err)
				}
			}
			if most := int64(65 << 20); rest.read > most {
				t.Errorf("%s: %d bytes were read, want %d at most", format, rest.read, most)
			}
			if c.Consumed() != int64(len(first)) {
				t.Errorf("%s: %d bytes consumed", format, c.Consumed())
			}
		}
	}
}

// Nor is a file of binary records in which there is nothing read for ever.
func TestCutterOfRecordsWithoutEnd(t *testing.T) {
	whole := calls.ECH(12, 1, segments(2))
	rest := &endless{}
	c := feed.NewCutter(feed.Options{Format: "ech", FrameLimit: 256}, io.MultiReader(bytes.NewReader(whole), rest))
	for before := int64(-1); ; before = c.Consumed() {
		_, err := c.Next()
		if errors.As(err, new(*feed.ShapeError)) && strings.Contains(err.Error(), "there is nothing in the 67") {
			break
		}
		if err != nil || c.Consumed() <= before || rest.read > 65<<20 {
			t.Fatalf("behind %d bytes: %v", c.Consumed(), err)
		}
	}
	if _, err := c.Next(); !errors.As(err, new(*feed.ShapeError)) {
		t.Errorf("asked again: %v", err)
	}
}
