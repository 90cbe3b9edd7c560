package link

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
)

// A Handler answers verbs. It is called from several goroutines at once. ctx
// ends when the session does. The answer goes back as JSON of at most 1 MiB;
// an error by its text, with the code of the *RemoteError that it is or wraps.
// Unknown verbs are the handler's to refuse.
type Handler interface {
	Answer(ctx context.Context, verb string, args json.RawMessage) (any, error)
}

// maxAnswering is how many questions of one session are answered at once. The
// next one is not read before one of them is done.
const maxAnswering = 8

// ServeControl is the other end of a Client's calls: it agrees on a version
// and answers until the other side ends the session (nil), ctx ends, or
// something is said that no twin would say (ErrProtocol). A side that does not
// greet within Options.Login, or then says or takes nothing for Options.Idle, is
// ErrMute: a Client pings. If rw is an io.Closer it is closed when ctx ends, and
// all has stopped when ServeControl returns; a read of another rw, or of a side
// that is mute, cannot be woken and is left behind.
func ServeControl(ctx context.Context, rw io.ReadWriter, h Handler, o Options) error {
	o = o.settled()
	if err := welcome(ctx, rw, o); err != nil {
		return err
	}
	s := newSteady(rw)
	err := s.serve(ctx, o.Idle, func(ctx context.Context) error {
		a := &answers{rw: s, handler: h, place: make(chan struct{}, maxAnswering)}
		return a.serve(ctx)
	})
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// welcome agrees on a version. Ours are told also when they do not fit: the
// other side then knows both numbers.
func welcome(ctx context.Context, rw io.ReadWriter, o Options) error {
	within, cancel := context.WithTimeout(ctx, o.Login)
	defer cancel()
	err := watched(within, rw, func(context.Context) error {
		theirs, err := readGreeting(rw)
		if err != nil {
			return err
		}
		if err := sendGreeting(rw, o.Versions); err != nil {
			return err
		}
		_, err = o.Versions.common(theirs)
		return err
	})
	if within.Err() != nil && ctx.Err() == nil {
		return fmt.Errorf("%w: whoever opened the session did not greet within %s", ErrMute, o.Login)
	}
	return err
}

// watched runs serve, whose reads know no context, until ctx ends.
func watched(ctx context.Context, rw io.ReadWriter, serve func(context.Context) error) error {
	result := make(chan error, 1)
	go func() { result <- serve(ctx) }()
	select {
	case err := <-result:
		return err
	case <-ctx.Done():
	}
	if closer, ok := rw.(io.Closer); ok {
		_ = closer.Close()
		<-result
	}
	return ctx.Err()
}

// answers are the two directions of a control channel, as the answering side
// sees it.
type answers struct {
	handler Handler
	place   chan struct{} // for each question that is being answered
	running sync.WaitGroup

	mu sync.Mutex // held to write
	rw io.ReadWriter
}

func (a *answers) serve(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer a.running.Wait()
	defer cancel()
	for {
		var q question
		if err := readFrame(a.rw, &q); err != nil {
			return err
		}
		select {
		case a.place <- struct{}{}:
		case <-ctx.Done():
			return ctx.Err()
		}
		a.running.Go(func() {
			defer func() { <-a.place }()
			a.answer(ctx, q)
		})
	}
}

// answer answers one question. That it cannot be written ends the session by
// its reading side.
func (a *answers) answer(ctx context.Context, q question) {
	frame, err := a.frame(ctx, q)
	if err != nil {
		frame, err = frameOf(reply{ID: q.ID, Failed: failureOf(err)})
	}
	if err != nil {
		return // a failure is short, and always JSON
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	_, _ = a.rw.Write(frame)
}

func (a *answers) frame(ctx context.Context, q question) ([]byte, error) {
	if q.Verb == verbPing {
		return frameOf(reply{ID: q.ID})
	}
	answer, err := a.handler.Answer(ctx, q.Verb, q.Args)
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(answer)
	if err != nil {
		return nil, fmt.Errorf("answer to %s: %w", shorten(q.Verb), err)
	}
	frame, err := frameOf(reply{ID: q.ID, Answer: body})
	if err != nil {
		return nil, fmt.Errorf("answer to %s: %w", shorten(q.Verb), err)
	}
	return frame, nil
}
