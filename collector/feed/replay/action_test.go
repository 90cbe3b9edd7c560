package replay

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReadAction(t *testing.T) {
	for _, test := range []struct {
		name, text string
		want       action
		err        error
	}{
		{"plain", "Action: Ping\r\nActionID: 1\r\n\r\n", action{[]header{{"Action", "Ping"}, {"ActionID", "1"}}}, nil},
		{"bare, after blank lines", "\n\r\nAction:Ping\n\n", action{[]header{{"Action", "Ping"}}}, nil},
		{"colon in a value", "A: b: c\n\n", action{[]header{{"A", "b: c"}}}, nil},
		{"no colon", "Hello\nA: b\n\n", action{[]header{{"A", "b"}}}, nil},
		{"nothing", "", action{}, io.EOF},
		{"only blank lines", "\r\n\r\n", action{}, io.EOF},
		{"half a line", "Action: Pi", action{}, io.ErrUnexpectedEOF},
		{"half an action", "Action: Ping\r\n", action{}, io.ErrUnexpectedEOF},
		{"longest line", "A: " + strings.Repeat("b", maxLine-4) + "\n\n", action{[]header{{"A", strings.Repeat("b", maxLine-4)}}}, nil},
		{"longer line", "A: " + strings.Repeat("b", maxLine-3) + "\n\n", action{}, errLongLine},
		{"too many headers", strings.Repeat("A: b\n", maxHeaders+1) + "\n", action{}, errManyHeaders},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := readAction(bufio.NewReaderSize(strings.NewReader(test.text), maxLine))
			if !errors.Is(err, test.err) {
				t.Fatalf("error %v, want %v", err, test.err)
			}
			if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(action{}, header{})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Whatever is read is bounded and, written again, is read as the same.
func FuzzReadAction(f *testing.F) {
	for _, seed := range []string{
		"Action: Login\r\nUsername: twin\r\nSecret: s\r\nEvents: agent,cdr\r\nActionID: 1\r\n\r\n",
		"Action: Challenge\r\nAuthType: MD5\r\n\r\n",
		"Action: Ping\n\nAction: QueueStatus\n\n",
		"\x00\xff: \r\r\n:\n\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r := bufio.NewReaderSize(bytes.NewReader(data), maxLine)
		for {
			a, err := readAction(r)
			if err != nil {
				return
			}
			if len(a.headers) > maxHeaders {
				t.Fatalf("%d headers", len(a.headers))
			}
			var text bytes.Buffer
			for _, h := range a.headers {
				if len(h.name)+len(h.value) > maxLine || strings.ContainsRune(h.name+h.value, '\n') {
					t.Fatalf("header %q: %q", h.name, h.value)
				}
				text.WriteString(h.name + ":" + h.value + "\r\n")
			}
			if len(a.headers) == 0 {
				continue
			}
			again, err := readAction(bufio.NewReaderSize(strings.NewReader(text.String()+"\r\n"), maxLine+2))
			if err != nil || !slices.Equal(a.headers, again.headers) {
				t.Fatalf("%v: %q became %q", err, a.headers, again.headers)
			}
		}
	})
}

// No recording, however broken, is more than an error; what is taken out of it
// stands in it.
func FuzzCutEvents(f *testing.F) {
	f.Add([]byte("Event: A\r\nPrivilege: agent,all\r\nTimestamp: 1795222327.141253\r\nQueue: q\r\nInterface: i\r\n\r\n"))
	f.Add([]byte("Event: QueueMemberAdded\nTimestamp: 1\nQueue: q\nInterface: i\n\nResponse: Success\n\n"))
	f.Add([]byte("Event:\r\nTimestamp:\r\n\r\n\n\r\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		tape, err := cutEvents("fuzz", data)
		if err != nil {
			return
		}
		wire := bytes.ReplaceAll(data, []byte("\n"), []byte(crlf))
		for i := range tape.events {
			e := &tape.events[i]
			if !bytes.Contains(data, e.raw) && !bytes.Contains(wire, e.raw) {
				t.Fatalf("%q is not in the file", e.raw)
			}
			moved := tape.render(nil, e, e.at)
			if at, err := parseSeconds([]byte(value(moved, "Timestamp"))); err != nil || at != e.at {
				t.Fatalf("moved by nothing, %d became %d: %v", e.at, at, err)
			}
		}
		for _, q := range queuesAt(tape.events, len(tape.events)/2) {
			q.params()
			for _, m := range q.members {
				m.status(q.name)
			}
			for i, c := range q.callers {
				c.entry(q.name, i, 0)
			}
		}
	})
}
