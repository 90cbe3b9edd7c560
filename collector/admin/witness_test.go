package admin

import (
	"testing"

	"github.com/twinctl/twin/collector/audit"
)

func (s *server) twinHead(t *testing.T, pair string) audit.Head {
	t.Helper()
	head, err := s.TwinHead(t.Context(), pair)
	if err != nil {
		t.Fatal(err)
	}
	return head
}

// What is known of the twin's audit is of that twin: another one has another.
func TestTheTwinsHeadIsOfItsPair(t *testing.T) {
	p := newPair(t)
	if head := p.a.twinHead(t, "p1"); head != (audit.Head{}) {
		t.Errorf("before the first sync: %s", head)
	}
	p.a.change(t, set("queue", "a", Body{}))
	before := p.a.position(t).Head
	p.sync(t)
	for _, c := range []struct {
		s    *server
		pair string
		want audit.Head
	}{
		{p.a, "p1", p.b.position(t).Head},
		{p.b, "p1", before},
		{p.a, "p2", audit.Head{}},
		{p.b, "", audit.Head{}},
	} {
		if head := c.s.twinHead(t, c.pair); head != c.want {
			t.Errorf("%s in pair %q: %s, want %s", c.s.dir, c.pair, head, c.want)
		}
	}
	// Where an older version wrote it down it is nobody else's.
	if err := p.a.run(t, `UPDATE state SET twin_pair = ''`); err != nil {
		t.Fatal(err)
	}
	if head := p.a.twinHead(t, "p1"); head != p.b.position(t).Head {
		t.Errorf("of before: %s", head)
	}
}

// That somebody took the twin's audit for another stands in the audit here.
func TestWhoAcceptsATwinsAuditIsWrittenDown(t *testing.T) {
	p := newPair(t)
	p.a.change(t, set("queue", "a", Body{}))
	p.sync(t)
	was := p.a.twinHead(t, "p1")
	by := Author{Actor: "ann", From: "10.0.0.9", Verb: "audit.accept"}
	for _, to := range []audit.Head{{ID: 1, Hash: audit.Hash{1}}, {}} {
		had, err := p.a.AcceptTwin(t.Context(), by, TwinAudit{Pair: "p1", Twin: "cms-b", Head: to})
		if err != nil || had != was || p.a.twinHead(t, "p1") != to {
			t.Errorf("%s: had %s, %v", to, had, err)
		}
		was = to
	}
	head, err := p.a.Verify(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	acts, err := p.a.Audited(t.Context(), head.ID-1, 1)
	want := `{"was":{"id":1,"hash":"` + (audit.Hash{1}).String() + `"},"is":{"id":0,"hash":"` + (audit.Hash{}).String() + `"},"place":"10.0.0.9"}`
	if err != nil || len(acts) != 1 || acts[0].Verb != "audit.accept" || acts[0].Target != "cms-b" || string(acts[0].Detail) != want {
		t.Errorf("%+v, %v; want %s", acts, err, want)
	}
}
