package app

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/switchover/preflight"
	"github.com/twinctl/twin/sync/exchange"
	"github.com/twinctl/twin/sync/link"
)

// A server tells what is so, without twind too, and its twin believes it.
func TestFacts(t *testing.T) {
	cfg := configured(t, "name = \"cms-a\"\ndata = \"data\"\n[[feed]]\nname = \"log\"\nkind = \"tail\"\nformat = \"text\"\npath = \"log\"\n[hooks]\npre_demote = [\"/nowhere/to/be/found\"]\n[backup]\ndirectory = \"/proc/none\"\n")
	data := primary(t, cfg)
	programs := t.TempDir()
	if err := os.WriteFile(filepath.Join(programs, "twinctl"), nil, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", programs)
	ctx := t.Context()
	body := func(name, task string) admin.Edit {
		return admin.Edit{Kind: "timetable", Key: name, Body: admin.Body{"name": name, "schedule": "0 3 * * *", "tasks": []string{task}, "timeout_s": int64(1200)}}
	}
	edits := []admin.Edit{body("sound", "exec /bin/true"), body("lame", "exec /nowhere/to/be/found"), body("safe", "backup full"), body("upkeep", "verify")}
	by := admin.Author{Actor: "ann", Verb: "admin.set"}
	if _, err := data.Admin.Change(ctx, by, edits, admin.How{}); err != nil {
		t.Fatal(err)
	}
	if _, err := data.Node.SetMaintenance(ctx, node.Maintenance{On: true, Reason: "disk", Actor: "ann"}); err != nil {
		t.Fatal(err)
	}
	at := record.At(time.Now())
	claim := node.Claim{Timetable: "lame", Name: "lame", Slot: at, Attempt: 1, Role: node.Primary, Trigger: "manual", Actor: "ann", State: node.RunClaimed, Planned: at}
	if _, err := data.Node.ClaimRuns(ctx, 1, []node.Claim{claim}); err != nil {
		t.Fatal(err)
	}
	move := node.Runbook{
		ID: "x", Intent: node.IntentSwitchover, Giver: "cms-a", Taker: "cms-b", Actor: "ann", Options: json.RawMessage("{}"), Runner: "cms-a",
	}
	if err := data.Node.OpenRunbook(ctx, move); err != nil {
		t.Fatal(err)
	}
	if err := data.Node.NoteRunbook(ctx, "x", "cms-a", node.RunbookNote{Seq: 1, Step: "drain", State: node.NoteBegun, At: at}); err != nil {
		t.Fatal(err)
	}
	if err := data.Node.Drain(ctx, "x", time.Minute); err != nil {
		t.Fatal(err)
	}
	f, err := Witness{Config: cfg, Data: data, Say: Say(cfg, data)}.Facts(ctx, true)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Check(); err != nil {
		t.Error(err)
	}
	if f.Name != "cms-a" || f.Role != node.Primary || f.Epoch != 1 || f.Server == "" || f.Process.PID != 0 || f.Schemas.Node == 0 || f.Disk.All == 0 {
		t.Errorf("%+v", f)
	}
	if len(f.Hooks) != 1 || !strings.Contains(f.Hooks[0], "pre_demote") {
		t.Errorf("hooks %q", f.Hooks)
	}
	if r := f.Runbook; r == nil || r.Step != "drain" || r.Runner != "cms-a" || r.Stale || f.Drains != "x" {
		t.Errorf("runbook %+v, drains for %q", f.Runbook, f.Drains)
	}
	if f.Rows.Edited != 4 || f.Maintenance == nil || *f.Maintenance != "disk" || len(f.Feeds) != 1 || f.Feeds[0].Settings == "" {
		t.Errorf("%+v", f)
	}
	if d := f.Deep; d == nil || d.Looked != 2 || d.Left != 0 || len(d.Cannot) != 1 || d.Cannot[0].Timetable != "lame" || len(d.Unsound)+len(d.Unread) > 0 {
		t.Errorf("deep: %+v", d)
	}
	if a := f.Deep.Always; a.Looked != 2 || a.Left != 0 || len(a.Cannot) != 1 || a.Cannot[0].Timetable != "safe" {
		t.Errorf("always: %+v", a)
	}
	if r := f.Timetables.Running; len(r) != 1 || r[0].Timetable != "lame" || r[0].Started != 0 || r[0].TimeoutS != 1200 {
		t.Errorf("running: %+v", r)
	}
}

// What twind said a second ago of a move of the role that is over by now holds
// nothing; what else it said does.
func TestFactsAreNotOfAMoveThatIsOver(t *testing.T) {
	cfg := configured(t, "name = \"cms-a\"\ndata = \"data\"\n")
	data := primary(t, cfg)
	for said, want := range map[string]string{whyMoved: "", "the twin was not asked": "the twin was not asked"} {
		say := func(context.Context) (exchange.Word, error) {
			return exchange.Word{Doc: node.Document{Schema: 1, Timetables: &node.TimetablesDocument{Held: 3, Because: said}}}, nil
		}
		if f, err := (Witness{Config: cfg, Data: data, Say: say}).Facts(t.Context(), false); err != nil || f.Held != want {
			t.Errorf("%q: it is held by %q, %v", said, f.Held, err)
		}
	}
}

// What there is no time for is said to be left.
func TestFactsInNoTime(t *testing.T) {
	cfg := configured(t, "name = \"cms-a\"\ndata = \"data\"\n")
	data := primary(t, cfg)
	over, cancel := context.WithCancel(t.Context())
	cancel()
	f := preflight.Facts{Timetables: preflight.Timetables{Total: 3}}
	d := Witness{Config: cfg, Data: data}.deep(over, &f)
	if d.Left != 3 || len(d.Unread) != 2 || len(d.Unsound) != 0 {
		t.Errorf("%+v", d)
	}
}

// A file that is damaged is named.
func TestFactsOfADamagedFile(t *testing.T) {
	cfg := configured(t, "name = \"cms-a\"\ndata = \"data\"\n")
	data := primary(t, cfg)
	d := &preflight.Deep{}
	w := Witness{Config: cfg, Data: data}
	if w.readThrough(t.Context(), d); len(d.Unsound)+len(d.Unread) > 0 {
		t.Fatalf("%+v", d)
	}
	path := filepath.Join(t.TempDir(), node.File)
	if err := data.Node.Snapshot(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	spoil(t, path)
	n, err := node.Open(t.Context(), path, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	w.Data = &Data{Node: n, Admin: data.Admin}
	if w.readThrough(t.Context(), d); len(d.Unsound) != 1 || !strings.Contains(d.Unsound[0], node.File) {
		t.Errorf("%+v", d)
	}
}

// spoil overwrites the last page of a file.
func spoil(t *testing.T, path string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := len(text) - 4096; i < len(text); i++ {
		text[i] = 0xa5
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// The twin asks over the link; another verb about roles is refused.
func TestTheTwinAsksForFacts(t *testing.T) {
	_, b := twins(t)
	cfg := configured(t, "name = \"cms-a\"\ndata = \"data\"\n")
	data := primary(t, cfg)
	have, err := b.Node.Pair(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	p := Peer{Notary: b, Key: have.PublicKey, Admin: data.Admin, History: data.History}
	p.Say = func(context.Context) (exchange.Word, error) {
		return exchange.Word{Server: "s", Pair: have.Pair, Doc: node.Document{Schema: 1, PID: 7}}, nil
	}
	f, err := AskFacts(t.Context(), answers{p}, true)
	if err != nil || f.Name != "cms-b" || f.Twin.Name != "cms-a" || f.Key == "" || f.HostKey == "" || f.Deep == nil || f.Process.PID != 7 {
		t.Errorf("%+v, %v", f, err)
	}
	if f, err = AskFacts(t.Context(), answers{p}, false); err != nil || f.Deep != nil {
		t.Errorf("%+v, %v", f.Deep, err)
	}
	p.Say = func(context.Context) (exchange.Word, error) { return exchange.Word{}, nil }
	if _, err := AskFacts(t.Context(), answers{p}, false); code(err) != cli.Busy {
		t.Errorf("a twind that has only just started: %v", err)
	}
	for _, verb := range []string{"role.", "role.everything"} {
		if _, err := p.Answer(t.Context(), verb, nil); code(err) != cli.Usage {
			t.Errorf("%s: %v", verb, err)
		}
	}
	if _, err := p.Answer(t.Context(), RoleFacts, json.RawMessage(`{"deep":7}`)); code(err) != cli.Usage {
		t.Error(err)
	}
}

func code(err error) cli.Code {
	if remote, ok := errors.AsType[*link.RemoteError](err); ok {
		return cli.Code(remote.Code)
	}
	return cli.OK
}

// answers calls a peer as if it were over a link.
type answers struct{ Peer }

func (a answers) Call(ctx context.Context, verb string, args, answer any) error {
	text, err := json.Marshal(args)
	if err != nil {
		return err
	}
	said, err := a.Answer(ctx, verb, text)
	if err != nil {
		return err
	}
	if text, err = json.Marshal(said); err != nil {
		return err
	}
	return json.Unmarshal(text, answer)
}

// lies answers everything with the same.
type lies string

func (l lies) Call(_ context.Context, _ string, _, answer any) error {
	return json.Unmarshal([]byte(l), answer)
}

func TestHostileFactsAreNotBelieved(t *testing.T) {
	for _, l := range []lies{
		`{"name":"cms-\u001b[2J"}`,
		`{"role":"king"}`,
		lies(`{"held":"` + strings.Repeat("x", 1<<16) + `"}`),
		`{"epoch":-1}`,
	} {
		if f, err := AskFacts(t.Context(), l, true); !errors.Is(err, link.ErrProtocol) || f.Told() {
			t.Errorf("%.40s: %+v, %v", l, f, err)
		}
	}
}
