package upgrade

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/twinctl/twin/collector/node"
)

var (
	a = Server{Name: "a", Role: node.Primary, Version: "1.2", Home: true}
	b = Server{Name: "b", Role: node.Secondary, Version: "1.2"}
)

// as changes what is known of a server.
func (s Server) as(role node.Role, version string) Server {
	s.Role, s.Version = role, version
	return s
}

// steps are what is done where.
func steps(p Plan) (all []string) {
	for _, s := range p.Steps {
		all = append(all, s.On+": "+s.Do)
	}
	return all
}

func TestOrder(t *testing.T) {
	begin := []string{"a: see that both are well", "a: make a full backup", "b: make a full backup"}
	begun := []string{"b: see that both are well", "b: make a full backup", "a: make a full backup"}
	first := []string{"b: stop it, install the new version, start it", "b: fetch what it missed"}
	second := []string{"a: switch over to b", "a: stop it, install the new version, start it", "a: fetch what it missed"}
	end := []string{"a: see that it is well", "b: see that it is well"}
	for name, c := range map[string]struct {
		a, b Server
		to   string
		want [][]string
	}{
		"both":               {a, b, "1.3", [][]string{begin, first, second, {"b: go home to a"}, end}},
		"whichever version":  {a, b, "", [][]string{begin, first, second, {"b: go home to a"}, end}},
		"the other way told": {b, a, "1.3", [][]string{begin, first, second, {"b: go home to a", "b: see that it is well", "a: see that it is well"}}},
		"nothing is known":   {a.as(node.Primary, ""), b.as(node.Secondary, ""), "1.3", [][]string{begin, first, second, {"b: go home to a"}, end}},
		"begun":              {a, b.as(node.Secondary, "1.3"), "1.3", [][]string{begin, second, {"b: go home to a"}, end}},
		"switched over": {
			a.as(node.Secondary, "1.2"), b.as(node.Primary, "1.3"), "1.3",
			[][]string{begun, {"a: stop it, install the new version, start it", "a: fetch what it missed", "b: go home to a"}, end},
		},
		"the guest is primary": {
			a.as(node.Secondary, "1.2"), b.as(node.Primary, "1.2"), "1.3",
			[][]string{
				begun,
				{"a: stop it, install the new version, start it", "a: fetch what it missed"},
				{"b: switch over to a", "b: stop it, install the new version, start it", "b: fetch what it missed"},
				end,
			},
		},
		"done": {a.as(node.Primary, "1.3"), b.as(node.Secondary, "1.3"), "1.3", nil},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := Order(c.a, c.b, c.to)
			if err != nil {
				t.Fatal(err)
			}
			var want []string
			for _, some := range c.want {
				want = append(want, some...)
			}
			if diff := cmp.Diff(want, steps(p)); diff != "" {
				t.Error(diff)
			}
		})
	}
	for _, role := range []node.Role{node.Primary, node.Secondary} {
		if _, err := Order(a.as(role, ""), b.as(role, ""), ""); !errors.Is(err, ErrRoles) || !strings.Contains(err.Error(), "a is "+string(role)) {
			t.Errorf("both %s: %v", role, err)
		}
	}
}

// Whatever is typed is typed with the other one up and primary: a plan is walked
// through as people would.
func TestTheRoleIsNeverOnTheOneThatIsStopped(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		version := rapid.SampledFrom([]string{"", "1.2", "1.3"})
		x, y := a.as(node.Primary, version.Draw(t, "primary's")), b.as(node.Secondary, version.Draw(t, "secondary's"))
		x.Home = rapid.Bool().Draw(t, "home")
		y.Home = !x.Home
		to := version.Draw(t, "to")
		p, err := Order(x, y, to)
		if err != nil {
			t.Fatal(err)
		}
		primary, filled := x.Name, map[string]bool{x.Name: true, y.Name: true}
		has := map[string]bool{x.Name: x.has(to), y.Name: y.has(to)}
		for _, s := range p.Steps {
			for _, c := range s.Commands {
				switch {
				case c == "sudo systemctl stop twind":
					other := map[string]string{"a": "b", "b": "a"}[s.On]
					if primary == s.On || !filled[other] {
						t.Fatalf("%s is stopped while %s is primary and the other one filled is %t", s.On, primary, filled[other])
					}
					filled[s.On] = false
				case c == "sudo scripts/install.sh":
					has[s.On] = true
				case c == "twinctl fill":
					filled[s.On] = true
				case strings.HasPrefix(c, "twinctl switchover --reason"), strings.HasPrefix(c, "twinctl switchover --failback --reason"):
					if !filled["a"] || !filled["b"] {
						t.Fatalf("a switch-over before both are filled")
					}
					primary = map[string]string{"a": "b", "b": "a"}[primary]
				}
			}
		}
		if !has["a"] || !has["b"] || !filled["a"] || !filled["b"] {
			t.Fatalf("in the end: new %v, filled %v", has, filled)
		}
	})
}

func TestNamesAreInertInBoth(t *testing.T) {
	odd := a
	odd.Name, odd.Version = "a`*_#|<b>", "1.2\x1b[31m\n# no"
	p, err := Order(odd, b, "1.3")
	if err != nil {
		t.Fatal(err)
	}
	md := p.Markdown()
	if !strings.Contains(md, "a\\`\\*\\_\\#\\|\\<b\\> (primary, ") || strings.ContainsAny(md, "\x1b") || strings.Contains(md, "\n# no") {
		t.Error(md)
	}
	if text := p.Text(); strings.ContainsAny(text, "\x1b") || strings.Contains(text, "\n# no") {
		t.Error(text)
	}
}
