package setup

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/cmd/internal/config"
	"github.com/twinctl/twin/collector"
	"github.com/twinctl/twin/collector/node"
)

func goal() Goal {
	return Goal{
		File: "/etc/twin/twin.toml", Name: "cms-a", Data: "/var/lib/twin", Role: "primary",
		Feed: "pbx", SecretFile: "/etc/twin/feed-pbx.secret", Secret: "hush",
	}
}

func TestPlan(t *testing.T) {
	twin := User{"twin", 990, 990}
	self := &node.Self{Name: "cms-a", Role: node.Primary}
	for _, c := range []struct {
		name  string
		alter func(*Goal)
		seen  Seen
		want  string
	}{
		{
			"nothing is there", nil,
			Seen{Root: true, Owner: twin, Service: Service{There: true}},
			"examine todo, make_data todo, write_secret todo, write_config todo, init todo, start todo, show todo",
		},
		{
			"the installer was here", nil,
			Seen{Root: true, Owner: twin, Data: true},
			"examine todo, make_data already, write_secret todo, write_config todo, init todo, start by_hand, show todo",
		},
		{
			"cut short before init", nil,
			Seen{Data: true, Secret: "hush", Config: &config.Config{}},
			"examine todo, make_data already, write_secret already, write_config already, init todo, start by_hand, show todo",
		},
		{
			"all is done", nil,
			Seen{Data: true, Secret: "hush", Config: &config.Config{}, Self: self, Service: Service{true, true}},
			"examine already, make_data already, write_secret already, write_config already, init already, start already, show todo",
		},
		{
			"another secret", nil,
			Seen{Data: true, Secret: "old", Config: &config.Config{}, Self: self, Service: Service{true, true}},
			"examine already, make_data already, write_secret todo, write_config already, init already, start already, show todo",
		},
		{
			"no secret, no feed", func(g *Goal) { g.Feed, g.SecretFile = "", "" },
			Seen{},
			"make_data todo, write_config todo, init todo, start by_hand, show todo",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := goal()
			if c.alter != nil {
				c.alter(&g)
			}
			steps, err := Plan(g, c.seen)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, s := range steps {
				got = append(got, string(s.Do)+" "+string(s.State))
				if strings.Contains(s.Text, g.Secret) {
					t.Errorf("%q tells the secret", s.Text)
				}
			}
			if diff := cmp.Diff(c.want, strings.Join(got, ", ")); diff != "" {
				t.Errorf("steps (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPlanAnotherServer(t *testing.T) {
	for _, self := range []node.Self{{Name: "cms-b", Role: node.Primary}, {Name: "cms-a", Role: node.Secondary}} {
		if steps, err := Plan(goal(), Seen{Self: &self}); !errors.Is(err, ErrAnother) || steps != nil {
			t.Errorf("%s, %s: steps %v, error %v", self.Name, self.Role, steps, err)
		}
	}
}

// TestRender reads what is written, and adopts it: nothing is lost or invented.
func TestRender(t *testing.T) {
	for _, a := range []Answers{
		{"name": `c"ms\` + "ä", "data": "/d", "feed.kind": "ami", "feed.name": "p b x", "feed.addresses": "tcp://a:1 tls://b:2", "feed.username": "u", "feed.secret_file": "/s"},
		{"name": "a", "data": "/var/lib/twin", "http.listen": "", "ssh.listen": ":2222", "feed.kind": "tail", "feed.name": "log", "feed.path": "/q", "feed.format": "queue_log"},
		{"name": "a", "data": "/d", "feed.kind": "lines", "feed.name": "smdr", "feed.listen": ":9", "feed.time.field": "2", "feed.time.separator": "\t", "feed.time.layout": "epoch", "feed.time.zone": "UTC"},
		{"name": "a", "data": "/d", "feed.kind": "relp", "feed.name": "r", "feed.listen": ":1", "feed.format": "queue_log", "feed.keeps": "true"},
		{"name": "a", "data": "/d", "feed.kind": "syslog", "feed.name": "s", "feed.listen": ":1", "feed.transport": "tcp", "feed.format": "syslog"},
		{"name": "a", "data": "/d", "feed.kind": "lines", "feed.name": "o", "feed.listen": ":1", "feed.format": "smdr", "feed.time.zone": "Europe/Berlin"},
		{
			"name": "a", "data": "/d", "feed.kind": "files", "feed.name": "e", "feed.dir": "sftp://u@h:22/ech", "feed.key_file": "/k", "feed.known_hosts_file": "/h",
			"feed.format": "ech", "feed.late": "35m", "feed.after": "archive", "feed.archive": "/a", "feed.error": "/e", "feed.stage": "/s",
		},
	} {
		text := Render(a, a["feed.secret_file"])
		c, err := config.Check("/etc/twin/twin.toml", text, collector.Kinds())
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		if problems := c.Problems(); len(problems) > 0 {
			t.Fatalf("%v\n%s", problems, text)
		}
		has := fileAnswers(c, "")
		for key, want := range a {
			if has[key] != want {
				t.Errorf("%s is %q, want %q\n%s", key, has[key], want, text)
			}
		}
		if err := Adopt(c, Answers{"name": a["name"], "feed.name": a["feed.name"], "role": "primary"}); err != nil {
			t.Errorf("does not agree with itself: %v", err)
		}
		var conflict *Conflict
		for _, other := range []Answers{{"name": "x"}, {"feed.name": "x"}, {"feed.kind": "x"}, {"ssh.listen": ":1"}, {"feed.addresses": "tcp://x:1"}} {
			if err := Adopt(c, other); !errors.As(err, &conflict) {
				t.Errorf("%v: error %v, want a conflict", other, err)
			}
		}
	}
}

func TestFill(t *testing.T) {
	for _, c := range []struct {
		name    string
		sshd    bool
		a       Answers
		missing string
		want    Answers
	}{
		{"nothing", true, Answers{}, "role kind", nil},
		{"ami", true, Answers{"role": "primary", "feed.kind": "ami"}, "upstream ", Answers{"name": "host", "feed.name": "pbx", "feed.username": "twin"}},
		{"tail", true, Answers{"role": "primary", "feed.kind": "tail"}, "path", Answers{"feed.format": "queue_log", "feed.name": "pbx-log"}},
		{"text", true, Answers{"role": "primary", "feed.kind": "tail", "feed.format": "text", "feed.path": "/q"}, "", Answers{"feed.time.field": "1", "feed.time.zone": "UTC"}},
		{"lines that call", true, Answers{"role": "primary", "feed.kind": "lines", "feed.listen": ":1"}, "", Answers{"feed.name": "smdr"}},
		{"lines that are called", true, Answers{"role": "primary", "feed.kind": "lines"}, "upstream", nil},
		{"relp", true, Answers{"role": "primary", "feed.kind": "relp"}, "", Answers{"feed.listen": ":2514", "feed.format": "queue_log", "feed.keeps": "false"}},
		{"syslog", true, Answers{"role": "primary", "feed.kind": "syslog"}, "", Answers{"feed.listen": ":5514", "feed.format": "syslog", "feed.transport": "udp"}},
		{"half of TLS", true, Answers{"role": "primary", "feed.kind": "relp", "feed.tls_cert_file": "/c"}, "tls-key-file", nil},
		{"files", true, Answers{"role": "primary", "feed.kind": "files"}, "dir late format", Answers{"feed.after": "leave"}},
		{
			"files far away", true,
			Answers{"role": "primary", "feed.kind": "files", "feed.dir": "sftp://u@h/d", "feed.late": "1m", "feed.format": "ech"},
			"key-file",
			Answers{"feed.known_hosts_file": "/etc/twin/known_hosts"},
		},
		{"no sshd", false, Answers{"role": "primary", "feed.kind": "tail", "feed.path": "/q"}, "", Answers{"ssh.listen": ":2222"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var flags []string
			for _, q := range Fill(Questions("host", "/etc/twin", c.sshd), c.a) {
				flags = append(flags, q.Flag)
			}
			if got := strings.Join(flags, " "); got != c.missing {
				t.Errorf("missing %q, want %q", got, c.missing)
			}
			for key, want := range c.want {
				if c.a[key] != want {
					t.Errorf("%s is %q, want %q", key, c.a[key], want)
				}
			}
		})
	}
}

// TestMisfit finds answers that make no sense together, and says which flag.
func TestMisfit(t *testing.T) {
	questions := Questions("host", "/etc/twin", true)
	for _, c := range []struct {
		a    Answers
		want string
	}{
		{Answers{"feed.kind": "relp", "feed.keeps": "true", "feed.listen": ":1"}, ""},
		{Answers{"feed.kind": "lines", "feed.listen": ":1", "feed.addresses": "tcp://a:1"}, "--upstream: makes sense with no --listen"},
		{Answers{"feed.kind": "ami", "feed.listen": ":1"}, "--listen: is for kind lines, relp, syslog, and this feed is of kind ami"},
		{Answers{"feed.kind": "files", "feed.dir": "/d", "feed.archive": "/a"}, "--archive: makes sense with --after archive"},
		{Answers{"feed.kind": "tail", "feed.format": "queue_log", "feed.time.zone": "UTC"}, "--time-zone: makes sense with a format that leaves its zone out"},
	} {
		err := Misfit(questions, c.a)
		if got := fmt.Sprint(err); c.want == "" && err != nil || c.want != "" && !strings.HasPrefix(got, c.want) {
			t.Errorf("%v: %v, want %q", c.a, err, c.want)
		}
	}
}

func TestSecretFile(t *testing.T) {
	for name, want := range map[string]string{"pbx": "feed-pbx.secret", "../p b/x": "feed-.._p_b_x.secret", "": "feed-.secret"} {
		if got := SecretFile("/e/twin.toml", Answers{"feed.kind": "ami", "feed.name": name}); got != "/e/"+want {
			t.Errorf("%q: %s", name, got)
		}
	}
}
