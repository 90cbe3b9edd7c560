package link

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// A frame of the control channel is its length, 4 bytes big-endian, and that
// many bytes of JSON. maxFrame bounds what one side makes the other hold.
const maxFrame = 1 << 20

// firstBuffer is held for a frame before its bytes arrive, however long it
// says that it is.
const firstBuffer = 16 << 10

// frameOf encodes v as a frame.
func frameOf(v any) ([]byte, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	if len(body) > maxFrame {
		return nil, fmt.Errorf("%d bytes of JSON: a frame holds %d", len(body), maxFrame)
	}
	frame := binary.BigEndian.AppendUint32(make([]byte, 0, 4+len(body)), uint32(len(body)))
	return append(frame, body...), nil
}

// readFrame decodes the next frame into v. io.EOF means that the other side
// ended between two frames; ErrProtocol that this is no frame.
func readFrame(r io.Reader, v any) error {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return err
	}
	length := binary.BigEndian.Uint32(head[:])
	if length > maxFrame {
		return fmt.Errorf("%w: a frame of %d bytes, beginning with %s", ErrProtocol, length, shorten(string(head[:])))
	}
	body := bytes.NewBuffer(make([]byte, 0, min(length, firstBuffer)))
	if _, err := io.CopyN(body, r, int64(length)); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return err
	}
	if err := json.Unmarshal(body.Bytes(), v); err != nil {
		return fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	return nil
}

// A greeting is the first frame of either side, the dialling one's first.
type greeting struct {
	Link *Versions `json:"link"`
}

// A question is a call; the numbers count up from 1.
type question struct {
	ID   uint64          `json:"id"`
	Verb string          `json:"verb"`
	Args json.RawMessage `json:"args,omitempty"`
}

// A reply answers the question of that number, in any order.
type reply struct {
	ID     uint64          `json:"id"`
	Answer json.RawMessage `json:"answer,omitempty"`
	Failed *failure        `json:"failed,omitempty"`
}

// A failure is an error on its way to the other side.
type failure struct {
	Code int    `json:"code"`
	Text string `json:"text"`
}

// maxFailure is how much of an error's text travels.
const maxFailure = 4 << 10

// failureOf is how an error of a handler travels.
func failureOf(err error) *failure {
	f := failure{Code: 1, Text: err.Error()}
	if coded, ok := errors.AsType[*RemoteError](err); ok {
		f = failure{Code: coded.Code, Text: coded.Text}
	}
	f.Text = strings.ToValidUTF8(f.Text[:min(len(f.Text), maxFailure)], "?")
	return &f
}

// failed is the error that arrived as a text: SFTP carries nothing else, so a
// failure stands in it as JSON.
func failed(text string) error {
	var f failure
	if err := json.Unmarshal([]byte(text), &f); err != nil {
		f = failure{Code: 1, Text: text}
	}
	return &RemoteError{Code: f.Code, Text: f.Text}
}

// sendGreeting tells our versions.
func sendGreeting(w io.Writer, ours Versions) error {
	frame, err := frameOf(greeting{Link: &ours})
	if err == nil {
		_, err = w.Write(frame)
	}
	return err
}

// readGreeting returns theirs.
func readGreeting(r io.Reader) (Versions, error) {
	var theirs greeting
	if err := readFrame(r, &theirs); err != nil {
		return Versions{}, err
	}
	v := theirs.Link
	if v == nil || v.Oldest < 1 || v.Newest < v.Oldest {
		return Versions{}, fmt.Errorf("%w: its first frame names no versions", ErrProtocol)
	}
	return *v, nil
}
