package tui

import (
	"strings"
	"time"
)

// servers is who the two are and how they are.
func (v view) servers(g grid) []line {
	lines := []line{
		g.row(piece{"SERVERS", strong}, noSign(), func(s side) line {
			l := line{{s.name, strong}}
			if s.here {
				l = append(l, piece{" (here)", quiet})
			}
			return l
		}),
		g.row(piece{"role", quiet}, g.between(epochSign), role),
		g.row(piece{"twind", quiet}, g.between(versionSign), twind),
	}
	if len(g.sides) == 1 {
		return append(lines, append(g.begin(piece{"link", quiet}), piece{"- none: no twin is paired", quiet}))
	}
	return append(lines, v.linkLine(g))
}

func role(s side) line {
	if s.doc != nil && !s.fresh() {
		return line{
			{"? " + left(strings.ToUpper(foreign(string(s.doc.Role))), len("SECONDARY")), warn},
			{"  epoch " + count(s.doc.Epoch), usual},
		}
	}
	if s.doc != nil {
		return line{
			{left(strings.ToUpper(foreign(string(s.doc.Role))), len("SECONDARY")), strong},
			{"  epoch " + count(s.doc.Epoch), usual},
		}
	}
	if s.link.Role != nil && s.link.Epoch != nil {
		return line{
			{left(strings.ToUpper(foreign(string(*s.link.Role))), len("SECONDARY")), strong},
			{"  epoch " + count(*s.link.Epoch) + " when last heard", quiet},
		}
	}
	return line{{"? not known", warn}}
}

func twind(s side) line {
	switch {
	case s.doc == nil:
		return line{{"? not known", warn}}
	case !s.fresh():
		return line{{"? last told " + age(s.told) + " ago", warn}}
	case !s.doc.Running:
		return line{{"x not running", bad}, {"  " + foreign(s.doc.Version), quiet}}
	case s.link.Store != nil && *s.link.Store != "ok":
		return line{{"x running, store is " + word(*s.link.Store), bad}}
	default:
		return line{{"+ running", good}, {"  " + foreign(s.doc.Version), quiet}}
	}
}

// linkLine is the session between the two, as this server sees it.
func (v view) linkLine(g grid) line {
	var twin side
	for _, s := range g.sides {
		if !s.here {
			twin = s
		}
	}
	l := g.begin(piece{"link", quiet})
	if text, ok := twin.linkTrouble(); ok {
		sign := piece{"x ", bad}
		if twin.link.State == "unknown" {
			sign = piece{"? ", warn}
		}
		l = append(l, piece{sign.text + text, sign.tone})
	} else {
		l = append(l, piece{"+ ok", good}, piece{"  " + twin.name + " answers", usual})
	}
	if v.Link != nil && v.Link.RoundTrip > 0 {
		l = append(l, piece{" in " + v.Link.RoundTrip.String(), usual})
	}
	if v.Link != nil && !v.Link.Since.IsZero() {
		l = append(l, piece{", for " + age(v.Now.Sub(v.Link.Since)), usual})
	}
	if s := twin.link.SeenAt; s != nil {
		l = append(l, piece{", heard " + age(v.Now.Sub(*s)) + " ago", usual})
	}
	if ms := twin.link.AheadMS; ms != nil {
		l = append(l, piece{", " + clocks(*ms), usual})
	}
	if v.Link != nil && v.Link.Text != "" {
		l = append(l, piece{": " + foreign(v.Link.Text), usual})
	}
	return l
}

// clocks says how far the twin's clock is ahead of ours.
func clocks(ms int64) string {
	d := time.Duration(ms) * time.Millisecond
	switch {
	case d.Abs() < 100*time.Millisecond:
		return "clocks equal"
	case d > 0:
		return "its clock " + d.Round(100*time.Millisecond).String() + " ahead"
	}
	return "its clock " + d.Abs().Round(100*time.Millisecond).String() + " behind"
}
