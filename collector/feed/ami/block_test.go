package ami

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/twinctl/twin/fixtures"
)

// read returns what a reader makes of the input, one text for each block.
func read(src io.Reader, limit int) (got []string, err error) {
	r := newBlockReader(src, limit)
	for {
		block, err := r.next()
		switch {
		case errors.Is(err, errTooLong):
			got = append(got, fmt.Sprintf("too long: %d bytes", len(block)))
		case err != nil:
			return got, err
		default:
			got = append(got, string(block))
		}
	}
}

func TestBlocks(t *testing.T) {
	long := strings.Repeat("x", 300)
	for name, c := range map[string]struct {
		in   string
		want []string
		err  error
	}{
		"crlf":            {"A: 1\r\nB: 2\r\n\r\nC: 3\r\n\r\n", []string{"A: 1\r\nB: 2", "C: 3"}, io.EOF},
		"lf":              {"A: 1\nB: 2\n\nC: 3\n\n", []string{"A: 1\nB: 2", "C: 3"}, io.EOF},
		"mixed":           {"A: 1\r\nB: 2\n\r\nC: 3\n\n", []string{"A: 1\r\nB: 2", "C: 3"}, io.EOF},
		"blank lines":     {"\r\n\r\n\nA: 1\r\n\r\n\r\n", []string{"A: 1"}, io.EOF},
		"cr in a line":    {"A: \r1\r\r\n\r\n", []string{"A: \r1\r"}, io.EOF},
		"half a block":    {"A: 1\r\n\r\nB: 2\r\n", []string{"A: 1"}, io.ErrUnexpectedEOF},
		"half a line":     {"A: 1\r\n\r\nB", []string{"A: 1"}, io.ErrUnexpectedEOF},
		"half a line end": {"A: 1\r\n\r", nil, io.ErrUnexpectedEOF},
		"just fits":       {long[:256] + "\r\n\r\n", []string{long[:256]}, io.EOF},
		"just does not":   {long[:257] + "\n\nA: 1\n\n", []string{"too long: 256 bytes", "A: 1"}, io.EOF},
		"long lines":      {"A: " + long + "\r\n\r\nB: " + long + long + "\r\nC: 1\r\n\r\nD: 2\r\n\r\n", []string{"too long: 256 bytes", "too long: 256 bytes", "D: 2"}, io.EOF},
		"long to the end": {long, []string{"too long: 256 bytes"}, io.ErrUnexpectedEOF},
		"nothing":         {"", nil, io.EOF},
	} {
		t.Run(name, func(t *testing.T) {
			for how, src := range map[string]io.Reader{
				"at once":       strings.NewReader(c.in),
				"byte by byte":  iotest.OneByteReader(strings.NewReader(c.in)),
				"with the end":  iotest.DataErrReader(strings.NewReader(c.in)),
				"half by halfs": iotest.HalfReader(strings.NewReader(c.in)),
			} {
				got, err := read(src, 256)
				if d := cmp.Diff(c.want, got); d != "" {
					t.Errorf("%s: %s", how, d)
				}
				if !errors.Is(err, c.err) {
					t.Errorf("%s: ends with %v, want %v", how, err, c.err)
				}
			}
		})
	}
}

// A line that never ends must cost neither memory nor the events behind it.
func TestEndlessLineCostsNoMemory(t *testing.T) {
	const size = 256 << 20
	src := io.MultiReader(io.LimitReader(xs{}, size), strings.NewReader("\r\n\r\nA: 1\r\n\r\n"))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	got, err := read(src, 64<<10)
	runtime.ReadMemStats(&after)
	if d := cmp.Diff([]string{"too long: 256 bytes", "A: 1"}, got); d != "" || !errors.Is(err, io.EOF) {
		t.Errorf("%v %s", err, d)
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > 1<<20 {
		t.Errorf("allocated %d bytes for a line of %d", used, size)
	}
}

type xs struct{}

func (xs) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

// How the bytes were cut into packets must not be seen in the blocks.
func TestPacketsDoNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		piece := rapid.SampledFrom([]string{"\n", "\r\n", "\r", "Event: X", "A: 1\r\n", "\r\n\r\n", strings.Repeat("y", 255), strings.Repeat("z", 40_000)})
		in := strings.Join(rapid.SliceOfN(piece, 0, 40).Draw(t, "pieces"), "")
		want, wantErr := read(strings.NewReader(in), 256)
		cuts := &packets{rest: []byte(in), sizes: rapid.SliceOfN(rapid.IntRange(1, 3000), 1, 20).Draw(t, "packets")}
		got, err := read(cuts, 256)
		if d := cmp.Diff(want, got); d != "" || err.Error() != wantErr.Error() {
			t.Fatalf("%v instead of %v, %s", err, wantErr, d)
		}
	})
}

// packets hands out its bytes in pieces of these sizes, over and over.
type packets struct {
	rest  []byte
	sizes []int
	n     int
}

func (p *packets) Read(b []byte) (int, error) {
	if len(p.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(b, p.rest[:min(len(p.rest), p.sizes[p.n%len(p.sizes)])])
	p.rest = p.rest[n:]
	p.n++
	return n, nil
}

func FuzzBlocks(f *testing.F) {
	for _, name := range []string{"pbx-a", "varied-a", "pbx-all-classes"} {
		seed := fixture(f, name)
		f.Add(seed[:2000])
		f.Add(bytes.ReplaceAll(seed[:1000], []byte("\r\n"), []byte("\n")))
	}
	f.Add([]byte("Asterisk Call Manager/11.0.0\r\nResponse: Success\r\nActionID: twin-1\r\nPing: Pong\r\nTimestamp: 1795222327.141253\r\n\r\n"))
	f.Add([]byte("Timestamp: 99999999999999999999.9999999\nTimestamp\n:\n\nEvent:\n\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		whole, err := read(bytes.NewReader(in), 300)
		single, errSingle := read(iotest.OneByteReader(bytes.NewReader(in)), 300)
		if d := cmp.Diff(whole, single); d != "" || err.Error() != errSingle.Error() {
			t.Fatalf("packets matter: %v, %v, %s", err, errSingle, d)
		}
		for _, block := range whole {
			if len(block) > 300 {
				t.Fatalf("a block of %d bytes", len(block))
			}
			m := parse([]byte(block))
			at, err := parseTime(parse([]byte(block)).time)
			if m.time != nil && err == nil && at < 0 {
				t.Fatalf("%q is the time %d", m.time, at)
			}
			rights([]byte(block))
		}
	})
}

func BenchmarkBlocks(b *testing.B) {
	data := fixture(b, "pbx-a")
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	events := 0
	for b.Loop() {
		r := newBlockReader(bytes.NewReader(data), 64<<10)
		for {
			block, err := r.next()
			if err != nil {
				break
			}
			if _, err := parseTime(parse(block).time); err != nil {
				b.Fatal(err)
			}
			events++
		}
	}
	b.ReportMetric(float64(events)/b.Elapsed().Seconds(), "events/s")
}

// fixture returns what a real Asterisk said.
func fixture(tb testing.TB, name string) []byte {
	tb.Helper()
	data, err := fixtures.Recording(name + ".ami.gz")
	if err != nil {
		tb.Fatal(err)
	}
	return data
}
