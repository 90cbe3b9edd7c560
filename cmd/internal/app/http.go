package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/cmd/internal/config"
	"github.com/twinctl/twin/collector/node"
)

const (
	httpTimeout  = 10 * time.Second // for a request, and for its answer
	httpStopping = 2 * time.Second  // for answers under way when twind stops
	httpHeading  = 2 * time.Second  // for a request's header
	httpHeader   = 16 << 10         // bytes of a request's header
	httpOpen     = 128              // connections; more are closed at once, so that files remain for the feeds
)

// listen opens the port of the HTTP pages; an empty address means none.
func listen(ctx context.Context, address string) (net.Listener, error) {
	if address == "" {
		return nil, nil //nolint:nilnil // turned off
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		_, port, _ := net.SplitHostPort(address) // it was listened on
		return nil, cli.Fail(cli.Busy,
			fmt.Errorf("http.listen = %q: %w (give each server on a machine its own, or \"\" for none)", address, err),
			fmt.Sprintf("ss -ltnp 'sport = :%s'", port))
	}
	if err != nil {
		return nil, fmt.Errorf("%w: http.listen = %q: %w (give each server on a machine its own, or \"\" for none)",
			config.ErrInvalid, address, err)
	}
	return l, nil
}

// serve answers HTTP requests until ctx ends.
func (s *server) serve(ctx context.Context, l net.Listener) error {
	web := &http.Server{
		Handler: s.pages(), ReadTimeout: httpTimeout, WriteTimeout: httpTimeout,
		ReadHeaderTimeout: httpHeading, MaxHeaderBytes: httpHeader, ConnState: turnAway(),
		BaseContext: func(net.Listener) context.Context { return context.WithoutCancel(ctx) },
	}
	ended := make(chan error, 1)
	go func() { ended <- web.Serve(l) }()
	s.log.Info("listening", "http", l.Addr().String())
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	soon, cancel := context.WithTimeout(context.WithoutCancel(ctx), httpStopping)
	defer cancel()
	if err := web.Shutdown(soon); err != nil {
		web.Close() //nolint:errcheck // it has been told to end twice now
	}
	if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// turnAway returns a hook that closes each connection beyond the most. One that
// says nothing makes room after two seconds.
func turnAway() func(net.Conn, http.ConnState) {
	var open atomic.Int64
	return func(c net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			if open.Add(1) > httpOpen {
				c.Close() //nolint:errcheck // nothing was said; that it is closed follows as a state of its own
			}
		case http.StateClosed:
			open.Add(-1)
		default: // it goes on
		}
	}
}

// pages are for load balancers, supervisors and Prometheus: 200 means yes, 503
// means no, and the body says why.
func (s *server) pages() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) { answer(w, s.notReady()) })
	mux.HandleFunc("GET /primary", s.whether(node.Primary))
	mux.HandleFunc("GET /secondary", s.whether(node.Secondary))
	mux.HandleFunc("GET /status", s.statusPage)
	mux.Handle("GET /metrics", s.metrics.handler(s))
	return mux
}

// notReady returns why this server does not store what it hears, "" if it does.
func (s *server) notReady() string {
	if err := s.collector.Stuck(); err != nil {
		return err.Error()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.doc.Schema == 0 {
		return "starting"
	}
	return ""
}

// whether tells where to send who wants the server of that role: as it is now,
// not as it was when something was said of it last.
func (s *server) whether(role node.Role) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		a, err := s.acting(r.Context())
		if err != nil {
			answer(w, err.Error())
			return
		}
		answer(w, a.not(role))
	}
}

func (s *server) statusPage(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	doc := s.doc
	s.mu.Unlock()
	if doc.Schema == 0 {
		answer(w, "starting")
		return
	}
	text, err := json.Marshal(doc)
	if err != nil {
		answer(w, err.Error())
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Write(append(text, '\n')) //nolint:errcheck // the asker has gone
}

func answer(w http.ResponseWriter, no string) {
	if no != "" {
		http.Error(w, no, http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, "ok")
}
