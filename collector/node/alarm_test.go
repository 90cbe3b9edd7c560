package node

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
)

// noon is when alarms of tests began.
const noon = record.Instant(1_795_262_400) * record.Second

func raised(code, object string) Raised {
	return Raised{Code: code, Object: object, Severity: "error", Text: "\x1b[2J", Since: noon}
}

// toNOC has one receiver be told of each alarm.
func toNOC(a KeptAlarm) ([]Message, error) {
	return []Message{{About: AboutAlarm(a.ID), Receiver: "mail:noc@example.com", Facts: json.RawMessage(`{}`)}}, nil
}

func noteAlarms(t *testing.T, n *DB, change AlarmChange) {
	t.Helper()
	change.Tell = toNOC
	if err := n.NoteAlarms(t.Context(), change); err != nil {
		t.Fatal(err)
	}
}

func alarmsOf(t *testing.T, n *DB) []KeptAlarm {
	t.Helper()
	all, err := n.Alarms(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func messages(t *testing.T, n *DB) []Message {
	t.Helper()
	all, err := n.Messages(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// later moves all that was noted into the past.
func later(t *testing.T, n *DB, by time.Duration) {
	t.Helper()
	err := n.db.Update(t.Context(), func(tx *store.Tx) error {
		for _, move := range []string{
			`UPDATE alarm SET ended = ended - ?`, `UPDATE message SET next = next - ?`, `UPDATE told_crossing SET at = at - ?`,
		} {
			if _, err := tx.Exec(move, by.Microseconds()); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// An alarm that flaps is one alarm and one message; one that is raised again
// much later is another.
func TestAlarmsAreRaisedOnce(t *testing.T) {
	n := open(t)
	noteAlarms(t, n, AlarmChange{Raised: []Raised{raised("feed_down", "pbx"), raised("disk_low", "")}})
	all := alarmsOf(t, n)
	want := []KeptAlarm{
		{ID: 1, Code: "feed_down", Object: "pbx", Severity: "error", Since: Moment(noon), Text: "\x1b[2J"},
		{ID: 2, Code: "disk_low", Severity: "error", Since: Moment(noon), Text: "\x1b[2J"},
	}
	if diff := cmp.Diff(want, all, cmpopts.IgnoreFields(KeptAlarm{}, "Raised")); diff != "" {
		t.Fatal(diff)
	}
	noteAlarms(t, n, AlarmChange{Ended: []int64{1}})
	noteAlarms(t, n, AlarmChange{Raised: []Raised{raised("feed_down", "pbx")}})
	if all = alarmsOf(t, n); len(all) != 2 || all[0].Ended != nil || all[0].Returned != 1 {
		t.Errorf("it came back as %+v", all)
	}
	if got := len(messages(t, n)); got != 2 {
		t.Errorf("%d messages", got)
	}
	noteAlarms(t, n, AlarmChange{Ended: []int64{1}})
	later(t, n, sameAlarm)
	noteAlarms(t, n, AlarmChange{Raised: []Raised{raised("feed_down", "pbx")}})
	if all = alarmsOf(t, n); len(all) != 3 || all[0].Ended == nil || all[2].ID != 3 {
		t.Errorf("later it is %+v", all)
	}
	if got := len(messages(t, n)); got != 3 {
		t.Errorf("%d messages", got)
	}
}

func TestAlarmsAreAcknowledged(t *testing.T) {
	n := open(t)
	noteAlarms(t, n, AlarmChange{Raised: []Raised{raised("feed_down", "pbx"), raised("disk_low", ""), raised("gap_open", "pbx")}})
	if _, err := n.AckAlarms(t.Context(), []int64{1, 9}, "", "ann"); !errors.Is(err, ErrNoAlarm) {
		t.Fatal(err)
	}
	if a := alarmsOf(t, n)[0]; a.Acked != nil {
		t.Fatal("acknowledged all the same")
	}
	done, err := n.AckAlarms(t.Context(), []int64{1}, "the PBX moves", "ann")
	if err != nil || len(done) != 1 || done[0].AckedBy != "ann" {
		t.Fatalf("%+v, %v", done, err)
	}
	if again, err := n.AckAlarms(t.Context(), []int64{1}, "", "bob"); err != nil || len(again) != 0 {
		t.Errorf("again %+v, %v", again, err)
	}
	first := alarmsOf(t, n)[0]
	if diff := cmp.Diff(done[0], first); diff != "" || first.Reason != "the PBX moves" {
		t.Error(diff)
	}
	if m := messages(t, n)[0]; m.State != MessageWithdrawn || m.Done == nil {
		t.Errorf("%+v", m)
	}
	if all, err := n.AckAlarms(t.Context(), nil, "", "bob"); err != nil || len(all) != 2 {
		t.Errorf("the rest: %+v, %v", all, err)
	}
	acts, err := n.Audited(t.Context(), 0, 10)
	if err != nil || len(acts) != 3 || acts[0].Verb != "alarm.ack" || acts[0].Target != "1" || acts[0].Actor != "ann" {
		t.Errorf("audited %+v, %v", acts, err)
	}
}

func next(t *testing.T, n *DB, channel string) *Message {
	t.Helper()
	m, err := n.NextMessage(t.Context(), channel)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func delivered(t *testing.T, n *DB, d Delivery) {
	t.Helper()
	if err := n.Delivered(t.Context(), d); err != nil {
		t.Fatal(err)
	}
}

func setTold(t *testing.T, n *DB, through int64, receivers ...string) {
	t.Helper()
	told := Told{Through: through}
	for _, r := range receivers {
		told.Messages = append(told.Messages, Message{About: AboutCrossing(through), Receiver: r, Facts: json.RawMessage(`{"id":1}`)})
	}
	if err := n.SetTold(t.Context(), told); err != nil {
		t.Fatal(err)
	}
}

// One crossing is one message to each receiver, however often it is told.
func TestMessagesArePutOnce(t *testing.T) {
	n := open(t)
	if _, noted, err := n.ToldThrough(t.Context()); noted || err != nil {
		t.Fatal(noted, err)
	}
	for range 2 {
		setTold(t, n, 7, "mail:a@example.com", "exec:pager", "mail:a@example.com")
	}
	if got := messages(t, n); len(got) != 2 || got[1].Receiver != "exec:pager" || string(got[1].Facts) != `{"id":1}` {
		t.Errorf("%+v", got)
	}
	if id, noted, err := n.ToldThrough(t.Context()); id != 7 || !noted || err != nil {
		t.Error(id, noted, err)
	}
	var many []string
	for i := range mostWaiting + 10 {
		many = append(many, "exec:pager")
		setTold(t, n, int64(100+i), many[i])
	}
	if got := count(t, n, `SELECT count(*) FROM message WHERE receiver = 'exec:pager'`); got != mostWaiting {
		t.Errorf("%d wait", got)
	}
}

func TestSending(t *testing.T) {
	n := open(t)
	setTold(t, n, 1, "mail:a@example.com", "mail:b@example.com", "exec:pager")
	a := next(t, n, "mail")
	if a == nil || a.Receiver != "mail:a@example.com" || a.State != MessageSending || a.Attempts != 1 {
		t.Fatalf("%+v", a)
	}
	delivered(t, n, Delivery{ID: a.ID})
	b := next(t, n, "mail")
	delivered(t, n, Delivery{ID: b.ID, Err: errors.New("busy"), Wait: time.Minute, Doubtful: true})
	if m := next(t, n, "mail"); m != nil {
		t.Errorf("before its time: %+v", m)
	}
	pager := next(t, n, "exec")
	delivered(t, n, Delivery{ID: pager.ID, Err: errors.New("no such program")})
	got, err := n.Undelivered(t.Context())
	want := []Undelivered{
		{Receiver: "exec:pager", GivenUp: 1, Error: "no such program"},
		{Receiver: "mail:b@example.com", Waiting: 1, Error: "busy"},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(Undelivered{}, "Since")); diff != "" || err != nil {
		t.Error(diff, err)
	}
	later(t, n, time.Minute)
	again := next(t, n, "mail")
	if again == nil || again.ID != b.ID || !again.Repeated || again.Attempts != 2 {
		t.Fatalf("%+v", again)
	}
	delivered(t, n, Delivery{ID: again.ID})
	if got, err := n.Undelivered(t.Context()); err != nil || len(got) != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	var states []string
	for _, m := range messages(t, n) {
		states = append(states, fmt.Sprint(m.State, " ", m.Done != nil))
	}
	if diff := cmp.Diff([]string{"sent true", "sent true", "given_up true"}, states); diff != "" {
		t.Error(diff)
	}
}

// When a channel is away its other messages wait too, those of others do not.
func TestAwayHoldsTheChannel(t *testing.T) {
	n := open(t)
	setTold(t, n, 1, "mail:a@example.com", "mail:b@example.com", "exec:pager")
	a := next(t, n, "mail")
	delivered(t, n, Delivery{ID: a.ID, Err: errors.New("connection refused"), Wait: time.Minute, Away: true})
	if m := next(t, n, "mail"); m != nil {
		t.Errorf("%+v is tried", m)
	}
	if m := next(t, n, "exec"); m == nil {
		t.Error("the pager has to wait")
	}
	later(t, n, -3*time.Hour) // the clock was set back
	if m := next(t, n, "mail"); m == nil {
		t.Error("it waits for a clock that was set back")
	}
}

// What was being sent when twind died is sent again, and says so.
func TestRecall(t *testing.T) {
	n := open(t)
	setTold(t, n, 1, "mail:a@example.com", "mail:b@example.com")
	a := next(t, n, "mail")
	if got, err := n.Recall(t.Context()); got != 1 || err != nil {
		t.Fatal(got, err)
	}
	again := next(t, n, "mail")
	if again.ID != a.ID || !again.Repeated {
		t.Errorf("%+v", again)
	}
	if b := next(t, n, "mail"); b.Repeated {
		t.Errorf("%+v was never sent", b)
	}
}

// An alarm that was acknowledged while it was being sent is not tried again.
func TestAckWhileSending(t *testing.T) {
	n := open(t)
	noteAlarms(t, n, AlarmChange{Raised: []Raised{raised("feed_down", "pbx")}})
	m := next(t, n, "mail")
	if _, err := n.AckAlarms(t.Context(), nil, "", "ann"); err != nil {
		t.Fatal(err)
	}
	delivered(t, n, Delivery{ID: m.ID, Err: errors.New("busy"), Wait: time.Minute})
	if got := messages(t, n)[0]; got.State != MessageWithdrawn {
		t.Errorf("%+v", got)
	}
}

func TestToldCrossings(t *testing.T) {
	n := open(t)
	if err := n.SetTold(t.Context(), Told{Through: 3, Instead: []string{"x", "y"}}); err != nil {
		t.Fatal(err)
	}
	if got, err := n.ToldCrossings(t.Context()); err != nil || !cmp.Equal(got, []string{"x", "y"}) {
		t.Errorf("%v, %v", got, err)
	}
	later(t, n, toldFor+time.Second)
	if got, err := n.ToldCrossings(t.Context()); err != nil || len(got) != 0 {
		t.Errorf("%v, %v", got, err)
	}
}

// A crossing is told when all have been told of it.
func TestACrossingIsToldWhenAllAre(t *testing.T) {
	n := open(t)
	setTold(t, n, 1, "mail:a@example.com", "mail:b@example.com")
	for i, want := range [][]string{nil, {"x"}} {
		m := next(t, n, "mail")
		delivered(t, n, Delivery{ID: m.ID, Crossing: "x"})
		if got, err := n.ToldCrossings(t.Context()); err != nil || !cmp.Equal(got, want) {
			t.Errorf("after %d: %v, %v", i+1, got, err)
		}
	}
}
