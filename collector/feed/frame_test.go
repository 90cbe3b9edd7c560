package feed_test

import (
	"bytes"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/twinctl/twin/collector/feed"
)

const testLimit = 256

// framed is what a stream says: lines, in which a long one is shown by "long:"
// and its head, and the unfinished rest.
type framed struct {
	Lines    []string
	Consumed int64
	Rest     int64
}

func readLines(t interface{ Fatalf(string, ...any) }, src io.Reader, limit int) framed {
	var got framed
	r := feed.NewLineReader(src, limit)
	for {
		line, err := r.Next()
		if long, ok := errors.AsType[*feed.LongLineError](err); ok {
			got.Lines = append(got.Lines, "long:"+string(long.Head))
			continue
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatalf("next: %v", err)
		}
		got.Lines = append(got.Lines, string(line))
	}
	got.Consumed = r.Consumed()
	got.Rest, _ = r.Unfinished()
	return got
}

// splitLines is the naive way to the same.
func splitLines(stream []byte, limit int) framed {
	var want framed
	parts := strings.Split(string(stream), "\n")
	for _, line := range parts[:len(parts)-1] {
		want.Consumed += int64(len(line)) + 1
		line = strings.TrimLeft(strings.TrimSuffix(line, "\r"), "\x00")
		if len(line) > limit {
			line = "long:" + line[:256]
		}
		want.Lines = append(want.Lines, line)
	}
	want.Rest = int64(len(parts[len(parts)-1]))
	return want
}

func TestLineReader(t *testing.T) {
	full := strings.Repeat("x", testLimit)
	for name, stream := range map[string]string{
		"nothing":                 "",
		"a line":                  "a\n",
		"unfinished":              "a\nb",
		"empty lines":             "\n\r\n\n",
		"carriage returns":        "a\r\nb\r\r\n\rc\n",
		"NUL bytes":               "\x00\x00a\x00b\n\x00\n\x00",
		"NUL and carriage return": "\x00\r\n",
		"as long as may be":       full + "\n" + full + "\r\nb\n",
		"one too long":            full + "x\nb\n" + full + "x\r\nc\n",
		"NUL bytes do not count":  strings.Repeat("\x00", 3*testLimit) + full + "\r\nb\n",
		"far too long":            strings.Repeat(full, 1000) + "\nb\n",
		"unfinished and too long": "a\n" + strings.Repeat(full, 1000),
	} {
		t.Run(name, func(t *testing.T) {
			want := splitLines([]byte(stream), testLimit)
			if diff := cmp.Diff(want, readLines(t, strings.NewReader(stream), testLimit)); diff != "" {
				t.Errorf("in one piece (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(want, readLines(t, iotest.OneByteReader(strings.NewReader(stream)), testLimit)); diff != "" {
				t.Errorf("byte by byte (-want +got):\n%s", diff)
			}
		})
	}
}

// However a stream is cut into packets, it says the same lines.
func TestLineReaderChunks(t *testing.T) {
	piece := rapid.OneOf(
		rapid.SampledFrom([]string{"\n", "\r\n", "\r", "\x00", "a", "\n\x00"}),
		rapid.StringMatching(`[a-z|]{0,40}`),
		rapid.Map(rapid.IntRange(testLimit-3, testLimit+3), func(n int) string { return strings.Repeat("y", n) }),
	)
	rapid.Check(t, func(t *rapid.T) {
		stream := []byte(strings.Join(rapid.SliceOf(piece).Draw(t, "pieces"), ""))
		sizes := rapid.SliceOfN(rapid.IntRange(1, 300), 1, 20).Draw(t, "sizes")
		want := splitLines(stream, testLimit)
		got := readLines(t, &chunks{stream: stream, sizes: sizes}, testLimit)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("(-want +got):\n%s", diff)
		}
	})
}

// chunks gives a stream in pieces of the sizes, over and over.
type chunks struct {
	stream []byte
	sizes  []int
	turn   int
}

func (c *chunks) Read(p []byte) (int, error) {
	if len(c.stream) == 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), c.sizes[c.turn%len(c.sizes)])], c.stream)
	c.stream, c.turn = c.stream[n:], c.turn+1
	return n, nil
}

// A stream may go on after its end, as a file does.
func TestLineReaderGoesOn(t *testing.T) {
	var file bytes.Buffer
	r := feed.NewLineReader(&file, testLimit)
	file.WriteString("one\nha")
	if line, err := r.Next(); string(line) != "one" || err != nil {
		t.Fatalf("got %q, %v; want one", line, err)
	}
	if r.Buffered() {
		t.Error("half a line counts as buffered")
	}
	if _, err := r.Next(); err != io.EOF {
		t.Fatalf("got %v, want EOF", err)
	}
	if size, head := r.Unfinished(); size != 2 || string(head) != "ha" || r.Consumed() != 4 {
		t.Errorf("unfinished %d %q behind %d; want 2 \"ha\" behind 4", size, head, r.Consumed())
	}
	file.WriteString("lf\nthree\n")
	if line, err := r.Next(); string(line) != "half" || err != nil {
		t.Fatalf("got %q, %v; want half", line, err)
	}
	if !r.Buffered() {
		t.Error("a line that was read does not count as buffered")
	}
}

// A line without end costs no more than a long one, and is counted to its end.
func TestLineReaderConstantMemory(t *testing.T) {
	const size = 16 << 20
	endless := io.LimitReader(repeated('z'), size)
	r := feed.NewLineReader(io.MultiReader(endless, strings.NewReader("\nnext\n")), feed.DefaultFrameLimit)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := r.Next(); err == nil {
		t.Error("a line of 16 MiB is not too long")
	}
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > 1<<20 {
		t.Errorf("%d bytes allocated for one line that is too long", used)
	}
	if r.Consumed() != size+1 {
		t.Errorf("consumed %d, want %d", r.Consumed(), size+1)
	}
	if line, err := r.Next(); string(line) != "next" || err != nil {
		t.Errorf("got %q, %v; want next", line, err)
	}
}

type repeated byte

func (c repeated) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(c)
	}
	return len(p), nil
}

func TestLineReaderNoProgress(t *testing.T) {
	r := feed.NewLineReader(readerFunc(func([]byte) (int, error) { return 0, nil }), testLimit)
	if _, err := r.Next(); err != io.ErrNoProgress {
		t.Errorf("got %v, want %v", err, io.ErrNoProgress)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func FuzzLineReader(f *testing.F) {
	f.Add([]byte("\x00a|b\r\nhalf"), uint8(3))
	f.Add(bytes.Repeat([]byte("x"), testLimit+1), uint8(1))
	f.Add(append(bytes.Repeat([]byte("x"), testLimit), "\r\n"...), uint8(255))
	f.Add(fixture(f, "queue_log.gz")[:4000], uint8(100))
	f.Fuzz(func(t *testing.T, stream []byte, size uint8) {
		want := splitLines(stream, testLimit)
		got := readLines(t, &chunks{stream: stream, sizes: []int{int(size) + 1}}, testLimit)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}
