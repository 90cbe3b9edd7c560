package replay

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
)

// The bounds of what a server may answer.
const (
	mostDigits = 9
	mostWord   = 32
	mostAnswer = 4096 // bytes of its text
)

// A Talk is what a sender of RELP says and hears on one connection. What it says
// and what it hears may be two goroutines' own.
type Talk struct {
	in   *bufio.Reader
	txnr int
}

// NewTalk begins to talk on a connection.
func NewTalk(conn net.Conn) *Talk { return &Talk{in: bufio.NewReader(conn)} }

// Offers is what a sender says with the command open.
const Offers = "relp_version=0\nrelp_software=twin-replay\ncommands=syslog"

// Command appends the next command, as it goes over the wire: open, syslog or
// close. The first one is number 1.
func (t *Talk) Command(dst []byte, name, data string) []byte {
	t.txnr++
	dst = fmt.Appendf(dst, "%d %s %d", t.txnr, name, len(data))
	if data != "" {
		dst = append(append(dst, ' '), data...)
	}
	return append(dst, '\n')
}

// An Answer is what the server says: "rsp" to the command of that number, or the
// hint "serverclose", which has number 0.
type Answer struct {
	Txnr int
	Name string
	Text string // "200 OK", or a status of three digits and why
}

// OK tells whether the server did what it was asked to.
func (a Answer) OK() bool { return a.Name == "rsp" && len(a.Text) >= 3 && a.Text[:3] == "200" }

func (a Answer) String() string {
	if a.Text == "" {
		return fmt.Sprintf("%d %s", a.Txnr, a.Name)
	}
	return fmt.Sprintf("%d %s %s", a.Txnr, a.Name, a.Text)
}

var errAnswer = errors.New("not an answer of RELP")

// Answer reads the next answer. It blocks as the connection does, and returns
// io.EOF between answers only.
func (t *Talk) Answer() (a Answer, err error) {
	txnr, _, err := t.word(mostDigits, " ")
	if err != nil {
		return a, err
	}
	name, _, err := t.word(mostWord, " ")
	if err != nil {
		return a, within(err)
	}
	length, end, err := t.word(mostDigits, " \n")
	if err != nil {
		return a, within(err)
	}
	size, err := strconv.ParseUint(length, 10, 32)
	if err != nil || size > mostAnswer || end == '\n' && size > 0 {
		return a, fmt.Errorf("%w: %d bytes of text", errAnswer, size)
	}
	number, err := strconv.ParseUint(txnr, 10, 32)
	if err != nil {
		return a, fmt.Errorf("%w: number %q", errAnswer, txnr)
	}
	a = Answer{Txnr: int(number), Name: name}
	if end == '\n' {
		return a, nil
	}
	text := make([]byte, size+1)
	if _, err := io.ReadFull(t.in, text); err != nil {
		return a, within(err)
	}
	if text[size] != '\n' {
		return a, fmt.Errorf("%w: no line feed behind its text", errAnswer)
	}
	a.Text = string(text[:size])
	return a, nil
}

// word reads up to one of the ends, which is returned beside it.
func (t *Talk) word(most int, ends string) (word string, end byte, err error) {
	var read []byte
	for {
		b, err := t.in.ReadByte()
		if err != nil {
			if len(read) > 0 {
				err = within(err)
			}
			return "", 0, err
		}
		for i := range len(ends) {
			if b == ends[i] && len(read) > 0 {
				return string(read), b, nil
			}
		}
		if len(read) == most || b <= ' ' || b > '~' {
			return "", 0, fmt.Errorf("%w: %q", errAnswer, append(read, b))
		}
		read = append(read, b)
	}
}

// within returns what the end of a stream is inside of an answer.
func within(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
