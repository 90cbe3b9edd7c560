package replay

import (
	"context"
	"crypto/md5" //nolint:gosec // what AMI's challenge asks for
	"crypto/rand"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"time"

	"github.com/twinctl/twin/collector/record"
)

const (
	banner       = "Asterisk Call Manager/9.0.0" + crlf
	loginTimeout = 30 * time.Second // from the connection to the login
)

// Errors that end a session as they would end one of a PBX.
var (
	errLoggedOff = errors.New("logged off")
	errLogin     = errors.New("login failed")
)

// A manager is one session of AMI.
type manager struct {
	*client
	options   *Options
	challenge string    // the one that was given out; good for one login
	came      time.Time // when the client was let in, until it has asked for the time
}

func newManager(c *client, o *Options) *manager {
	return &manager{client: c, options: o}
}

// run greets the client and serves it until it is gone.
func (m *manager) run(ctx context.Context) error {
	if err := m.conn.SetReadDeadline(time.Now().Add(loginTimeout)); err != nil {
		return err
	}
	m.buf = append(m.buf, banner...)
	if err := m.flush(); err != nil {
		return err
	}
	asked := make(chan action)
	return m.talk(ctx, visit{
		read:   func(ctx context.Context) error { return readActions(ctx, m.conn, asked) },
		asked:  asked,
		answer: m.answer,
	})
}

// A command is an action that a client may ask for.
type command struct {
	name   string
	about  string
	public bool // also before the login
	do     func(*manager, action) error
}

func commands() []command {
	return []command{
		{"Challenge", "Get a challenge for an MD5 login.", true, (*manager).giveChallenge},
		{"Events", "Choose the classes of events that are sent.", false, (*manager).setEvents},
		{"ListCommands", "List the actions that may be asked for.", false, (*manager).listCommands},
		{"Login", "Log in.", true, (*manager).login},
		{"Logoff", "Log off.", true, (*manager).logoff},
		{"Ping", "Ask whether the upstream lives, and for its time.", false, (*manager).ping},
		{"QueueStatus", "Ask for the state of the queues.", false, (*manager).queueStatus},
	}
}

// answer does what is asked. An error ends the session, after what was answered.
func (m *manager) answer(a action) error {
	name := a.get("Action")
	if name == "" {
		return m.refuse(a, "Missing action in request")
	}
	for _, c := range commands() {
		if !strings.EqualFold(c.name, name) {
			continue
		}
		if !c.public && !m.inside {
			break
		}
		err := c.do(m, a)
		return errors.Join(err, m.flush())
	}
	if !m.inside {
		return m.refuse(a, "Permission denied")
	}
	return m.refuse(a, "Invalid/unknown command")
}

// reply appends a response, closed by its blank line. Lines are "Name: value".
func (m *manager) reply(a action, response string, lines ...string) {
	m.block(a, "Response: "+response, lines...)
}

// block appends a response or an event that answers a; it carries its ActionID.
func (m *manager) block(a action, first string, lines ...string) {
	m.buf = append(append(m.buf, first...), crlf...)
	if id := a.get("ActionID"); id != "" {
		m.buf = append(append(append(m.buf, "ActionID: "...), id...), crlf...)
	}
	for _, l := range lines {
		m.buf = append(append(m.buf, l...), crlf...)
	}
	m.buf = append(m.buf, crlf...)
}

func (m *manager) refuse(a action, why string) error {
	m.reply(a, "Error", "Message: "+why)
	return m.flush()
}

func (m *manager) giveChallenge(a action) error {
	if !strings.EqualFold(a.get("AuthType"), "MD5") {
		return m.refuse(a, "Must specify AuthType")
	}
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000_000))
	if err != nil {
		return err
	}
	m.challenge = n.String()
	m.reply(a, "Success", "Challenge: "+m.challenge)
	return nil
}

// login lets the client in, or ends the session as a PBX does.
func (m *manager) login(a action) error {
	if m.inside {
		m.reply(a, "Success", "Message: Already authenticated")
		return nil
	}
	if !m.knows(a) {
		m.reply(a, "Error", "Message: Authentication failed")
		return errLogin
	}
	if err := m.conn.SetReadDeadline(time.Time{}); err != nil {
		return err
	}
	m.mask = parseMask(a.get("Events"))
	m.reply(a, "Success", "Message: Authentication accepted")
	now := time.Now()
	m.enter(now)
	m.came = now
	if m.stage.plan.rushed() {
		m.hold = now.Add(askTime)
	}
	return m.fullyBooted()
}

// knows checks name and secret. Without a secret to check, everybody is known.
func (m *manager) knows(a action) bool {
	challenge := m.challenge
	m.challenge = ""
	if m.options.Secret == "" {
		return true
	}
	want, got := m.options.Secret, a.get("Secret")
	if strings.EqualFold(a.get("AuthType"), "MD5") {
		if challenge == "" {
			return false
		}
		sum := md5.Sum([]byte(challenge + m.options.Secret)) //nolint:gosec // what AMI's challenge asks for
		want, got = hex.EncodeToString(sum[:]), strings.ToLower(a.get("Key"))
	}
	return a.get("Username") == m.options.Username && subtle.ConstantTimeCompare([]byte(want), []byte(got)) == 1
}

// fullyBooted tells since when the upstream runs to whoever wants class system.
func (m *manager) fullyBooted() error {
	if !m.mask.admits([]string{"system"}) {
		return nil
	}
	up := (m.stage.clock(m.came) - m.stage.booted()) / record.Second
	lines := []string{
		"Privilege: system,all",
		fmt.Sprintf("Uptime: %d", up),
		fmt.Sprintf("LastReload: %d", up),
		"Status: Fully Booted",
	}
	if name := m.options.SystemName; name != "" {
		lines = append(lines, "SystemName: "+name)
	}
	m.block(action{}, "Event: FullyBooted", lines...)
	return nil
}

func (m *manager) logoff(a action) error {
	m.reply(a, "Goodbye", "Message: Thanks for all the fish.")
	return errLoggedOff
}

func (m *manager) ping(a action) error {
	at, err := m.clock()
	if err != nil {
		return err
	}
	if m.stage.plan.hastens() && time.Since(m.came) < newcomer {
		// It works out the start-up time from its first answer: at many times the
		// speed the moments until it asks would make another one of that.
		at = m.stage.clock(m.came)
	}
	m.came, m.hold = time.Time{}, time.Time{}
	m.reply(a, "Success", "Ping: Pong", fmt.Sprintf("Timestamp: %d.%06d", at/record.Second, at%record.Second))
	return nil
}

func (m *manager) setEvents(a action) error {
	m.mask, m.came = parseMask(a.get("EventMask")), time.Time{}
	state := "Events: On"
	if m.mask.off() {
		state = "Events: Off"
	}
	m.reply(a, "Success", state)
	return nil
}

// listCommands lists what may be asked for, all of which needs no privilege.
func (m *manager) listCommands(a action) error {
	var lines []string
	for _, c := range commands() {
		lines = append(lines, fmt.Sprintf("%s: %s  (Priv: <none>)", c.name, c.about))
	}
	m.reply(a, "Success", lines...)
	return nil
}

// queueStatus answers with a list: the queues, members and callers that the
// recording names, in the state in which this client's events left them.
func (m *manager) queueStatus(a action) error {
	m.reply(a, "Success", "EventList: start", "Message: Queue status will follow")
	items := 0
	for _, q := range queuesAt(m.tape.events, m.next) {
		if want := a.get("Queue"); want != "" && want != q.name {
			continue
		}
		m.list(a, q.params())
		items++
		for _, member := range q.members {
			if want := a.get("Member"); member.absent || want != "" && want != member.location {
				continue
			}
			m.list(a, member.status(q.name))
			items++
		}
		for i, c := range q.callers {
			m.list(a, c.entry(q.name, i+1, m.since(c.joined)))
			items++
		}
	}
	m.block(a, "Event: QueueStatusComplete", "EventList: Complete", fmt.Sprintf("ListItems: %d", items))
	return nil
}

// since returns how many whole seconds ago a recorded time is.
func (m *manager) since(at record.Instant) record.Instant {
	if moved := m.stage.plan.stamp(m.stage.start, at); moved != 0 {
		at = moved
	}
	return max(0, m.stage.clock(time.Now())-at) / record.Second
}

// list appends one event of a list, its ActionID at the end.
func (m *manager) list(a action, lines []string) {
	if id := a.get("ActionID"); id != "" {
		lines = append(lines, "ActionID: "+id)
	}
	m.block(action{}, lines[0], lines[1:]...)
}
