package tail

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/record"
)

// A model is what was written, and so what must be stored.
type model struct {
	file     int   // which one is written; its number stands in each line
	second   int64 // of the upstream
	half     string
	ordinals record.Ordinals
	want     []string
}

// lines makes lines of which some are identical, with times that now and then
// run backwards.
func (m *model) lines(t *rapid.T) string {
	var all strings.Builder
	for range rapid.IntRange(1, 6).Draw(t, "lines") {
		m.second += rapid.SampledFrom([]int64{0, 0, 0, 0, 1, -1, 3}).Draw(t, "seconds")
		text := fmt.Sprintf("f%d%s", m.file, rapid.SampledFrom([]string{"a", "b"}).Draw(t, "text"))
		all.WriteString(m.line(text))
	}
	return all.String()
}

func (m *model) line(text string) string {
	l := line(m.second, text)
	at := record.Instant(began+m.second) * record.Second
	n := m.ordinals.Next(at, record.DigestOf([]byte(strings.TrimSuffix(l, "\n"))))
	m.want = append(m.want, fmt.Sprintf("%d %s#%d", m.second, text, n))
	return l
}

// rotated begins the next file. The second makes its first line differ.
func (m *model) rotated() {
	m.file, m.second, m.ordinals = m.file+1, m.second+1, newOrdinals()
}

// Whatever is written, rotated and restarted in whatever order: what is stored
// is what was written, in order, numbered as if nothing had happened, and
// nothing is read twice.
func TestFollowProperty(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s, m := newSite(t), &model{ordinals: newOrdinals()}
		s.write(m.line("first"))
		s.collect()
		finish := func() {
			s.write(m.half)
			m.half = ""
		}
		rt.Repeat(map[string]func(*rapid.T){
			"write": func(rt *rapid.T) { finish(); s.write(m.lines(rt)) },
			"half": func(rt *rapid.T) {
				finish()
				l := m.line(fmt.Sprintf("f%dhalf", m.file))
				cut := rapid.IntRange(1, len(l)-1).Draw(rt, "cut")
				m.half = l[cut:]
				s.write(l[:cut])
			},
			"rename": func(rt *rapid.T) { finish(); s.rename(); m.rotated(); s.write(m.lines(rt)) },
			"copy":   func(rt *rapid.T) { finish(); s.copyAndCut(); m.rotated(); s.write(m.lines(rt)) },
			"poll":   func(*rapid.T) { s.poll() },
			"store":  func(*rapid.T) { s.collect() },
			"crash":  func(*rapid.T) { s.restart() },
			"stop":   func(*rapid.T) { s.collect(); s.restart() },
		})
		finish()
		s.collect()
		if diff := cmp.Diff(m.want, s.said()); diff != "" {
			rt.Fatalf("records (-want +got):\n%s", diff)
		}
		for _, b := range s.begins()[1:] {
			if b != "continues" {
				rt.Fatalf("sessions %q: nothing was missed", s.begins())
			}
		}
		if s.twice > 0 || len(s.rejected) > 0 {
			rt.Fatalf("%d came twice, rejected %q", s.twice, s.rejected)
		}
		s.must(os.RemoveAll(s.path))
	})
}

// The ordinals go on from wherever reading begins again.
func TestResumeAnywhere(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s, m := newSite(t), &model{ordinals: newOrdinals()}
		var text strings.Builder
		for range rapid.IntRange(1, 12).Draw(rt, "parts") {
			text.WriteString(m.lines(rt))
		}
		parts := strings.SplitAfter(text.String(), "\n")
		for i := range parts {
			s.write(parts[i])
			s.collect()
			s.restart()
		}
		if diff := cmp.Diff(m.want, s.said()); diff != "" {
			rt.Fatalf("records (-want +got):\n%s", diff)
		}
	})
}

func TestPosition(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		offset := rapid.Int64Range(0, 1<<40).Draw(rt, "offset")
		want := position{
			Inode:    rapid.Uint64().Draw(rt, "inode"),
			LostAt:   rapid.Int64().Draw(rt, "lost at"),
			DoneAt:   rapid.Int64().Draw(rt, "done at"),
			Done:     rapid.SliceOf(rapid.Uint64()).Draw(rt, "done"),
			Head:     digest(record.DigestOf(rapid.SliceOf(rapid.Byte()).Draw(rt, "head"))),
			HeadSize: int(min(offset, feed.HeadSize)),
			Offset:   offset,
			Reach:    rapid.Int64Range(0, offset).Draw(rt, "reach"),
			LastAt:   rapid.Int64Range(-1, offset).Draw(rt, "last"),
			Last:     digest(record.DigestOf(nil)),
		}
		got, err := parsePosition(want.appendTo(nil))
		if err != nil {
			rt.Fatal(err)
		}
		if diff := cmp.Diff(want, *got); diff != "" {
			rt.Fatalf("(-want +got):\n%s", diff)
		}
	})
}

func FuzzPosition(f *testing.F) {
	p := position{Inode: 7, Offset: 300, HeadSize: feed.HeadSize, LastAt: 200}
	f.Add(p.appendTo(nil))
	f.Add([]byte(`{"offset":1,"reach":2}`))
	f.Add([]byte(`{"offset":-1}`))
	f.Fuzz(func(t *testing.T, stored []byte) {
		p, err := parsePosition(stored)
		if err != nil {
			return
		}
		again, err := parsePosition(p.appendTo(nil))
		if err != nil || !cmp.Equal(again, p, cmpopts.EquateEmpty()) {
			t.Errorf("%q: %+v became %+v, %v", stored, p, again, err)
		}
	})
}
