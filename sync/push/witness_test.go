package push

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/audit"
	"github.com/twinctl/twin/collector/node"
)

func (p *realPair) head(t *testing.T, b Book) audit.Head {
	t.Helper()
	head, err := b.AuditHead(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return head
}

// restored is the secondary as it was when it was copied.
func restored(t *testing.T, path string) Book {
	t.Helper()
	return openBookAt(t, path, admin.Standing{Server: "cms-b", Role: string(node.Secondary), Epoch: 3, Pair: "P", Twin: "cms-a"})
}

// A twin whose audit has not got in it any more what it had at the last sync is
// sent nothing, and what is known of it stays known, until somebody accepts it.
func TestARewrittenAuditStopsASync(t *testing.T) {
	for name, rewrite := range map[string]func(t *testing.T, p *realPair, copied string){
		"begun anew": func(t *testing.T, p *realPair, _ string) {
			t.Helper()
			p.far.Book = openBook(t, "cms-b", string(node.Secondary), "cms-a")
		},
		"shorter": func(t *testing.T, p *realPair, copied string) {
			t.Helper()
			p.far.Book = restored(t, copied)
		},
		"shorter, and it lies": func(t *testing.T, p *realPair, copied string) {
			t.Helper()
			p.far.Book, p.far.lies = restored(t, copied), true
		},
		"as long": func(t *testing.T, p *realPair, copied string) {
			t.Helper()
			was := p.head(t, p.far.Book)
			for p.far.Book = restored(t, copied); p.head(t, p.far.Book).ID < was.ID; {
				p.set(t, p.far.Book, "9", strings.Repeat("x", int(p.head(t, p.far.Book).ID)))
			}
		},
		"longer": func(t *testing.T, p *realPair, copied string) {
			t.Helper()
			was := p.head(t, p.far.Book)
			for p.far.Book = restored(t, copied); p.head(t, p.far.Book).ID < was.ID+2; {
				p.set(t, p.far.Book, "9", strings.Repeat("x", int(p.head(t, p.far.Book).ID)))
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := newRealPair(t)
			p.set(t, p.near, "1", "Sales")
			if _, _, err := p.run(t, Options{}); err != nil {
				t.Fatal(err)
			}
			copied := filepath.Join(t.TempDir(), admin.File)
			if err := p.far.Snapshot(t.Context(), copied); err != nil {
				t.Fatal(err)
			}
			p.set(t, p.near, "1", "Sold")
			if _, _, err := p.run(t, Options{}); err != nil {
				t.Fatal(err)
			}
			was := p.head(t, p.far.Book)
			rewrite(t, p, copied)
			p.set(t, p.near, "2", "Help")
			p.refuses(t, was)

			to := admin.TwinAudit{Pair: "P", Twin: "cms-b", Head: p.head(t, p.far.Book)}
			if had, err := p.near.AcceptTwin(t.Context(), byAnn, to); err != nil || had != was {
				t.Fatalf("%s, %v", had, err)
			}
			if _, _, err := p.run(t, Options{Choices: Choices{Drift: DriftOverwrite}}); err != nil {
				t.Errorf("accepted: %v", err)
			}
			p.wants(t, map[string]string{"1": "Sold", "2": "Help"})
		})
	}
}

// refuses syncs, which changes nothing on either side: was is what is known of
// the secondary's audit.
func (p *realPair) refuses(t *testing.T, was audit.Head) {
	t.Helper()
	here, there, applied := p.head(t, p.near), p.head(t, p.far.Book), p.far.applied
	_, _, err := p.run(t, Options{First: true, Choices: Choices{Drift: DriftOverwrite}})
	var rewritten *Rewritten
	if !errors.As(err, &rewritten) || !errors.Is(err, ErrUntrusted) || rewritten.Was != was || rewritten.Is != there {
		t.Fatalf("%v: want %s and %s named", err, was, there)
	}
	if text := err.Error(); !strings.Contains(text, was.String()) || !strings.Contains(text, there.String()) {
		t.Errorf("it says %q", text)
	}
	known, err := p.near.TwinHead(t.Context(), "P")
	if err != nil || known != was || p.head(t, p.near) != here || p.head(t, p.far.Book) != there || p.far.applied != applied {
		t.Errorf("known is %s, %v; something was done", known, err)
	}
}

// An audit that was only added to is asked for; one that is as it was is not.
func TestAnAuditThatGrewIsAskedFor(t *testing.T) {
	p := newRealPair(t)
	p.set(t, p.near, "1", "Sales")
	for range 2 {
		if _, _, err := p.run(t, Options{}); err != nil || p.far.asked != 0 {
			t.Fatalf("asked %d times, %v", p.far.asked, err)
		}
	}
	p.set(t, p.far.Book, "2", "Help")
	if _, _, err := p.run(t, Options{Choices: Choices{Drift: DriftKeep}}); err != nil || p.far.asked != 1 {
		t.Errorf("asked %d times, %v", p.far.asked, err)
	}
	if head, err := p.near.TwinHead(t.Context(), "another pair"); err != nil || head.ID != 0 {
		t.Errorf("of another twin %s is known, %v", head, err)
	}
}
