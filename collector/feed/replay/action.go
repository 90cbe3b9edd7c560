package replay

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
)

// The bounds of what a client may ask.
const (
	maxLine    = 1024
	maxHeaders = 128
)

// Errors that end a session, because what follows cannot be trusted.
var (
	errLongLine    = fmt.Errorf("line longer than %d bytes", maxLine)
	errManyHeaders = fmt.Errorf("action of more than %d headers", maxHeaders)
)

// An action is what an AMI client asks for. Names of headers, and of the
// action, do not depend on case.
type action struct {
	headers []header
}

type header struct{ name, value string }

// get returns the value of the first header of that name, or "".
func (a action) get(name string) string {
	for _, h := range a.headers {
		if strings.EqualFold(h.name, name) {
			return h.value
		}
	}
	return ""
}

// readAction reads up to the next blank line. What has no colon is not a
// header, and ignored. It returns io.EOF between actions and
// io.ErrUnexpectedEOF within one. The reader's buffer must hold maxLine bytes.
func readAction(r *bufio.Reader) (action, error) {
	var a action
	for begun := false; ; {
		line, err := r.ReadSlice('\n')
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			return action{}, errLongLine
		case errors.Is(err, io.EOF) && (begun || len(line) > 0):
			return action{}, io.ErrUnexpectedEOF
		case err != nil:
			return action{}, err
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			if begun {
				return a, nil
			}
			continue
		}
		begun = true
		name, value, ok := strings.Cut(string(line), ":")
		if !ok {
			continue
		}
		if len(a.headers) == maxHeaders {
			return action{}, errManyHeaders
		}
		a.headers = append(a.headers, header{strings.TrimSpace(name), strings.TrimSpace(value)})
	}
}

// readActions hands on what the client asks, one by one, until it is gone or
// ctx ends. It returns why.
func readActions(ctx context.Context, from io.Reader, asked chan<- action) error {
	r := bufio.NewReaderSize(from, maxLine)
	for {
		a, err := readAction(r)
		if err != nil {
			return err
		}
		select {
		case asked <- a:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
