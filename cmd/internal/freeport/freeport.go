// Package freeport finds ports for servers of this machine that are started later.
package freeport

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
)

// The system gives ports of this range to nobody who does not ask for them by
// number: who dials meanwhile does not take one.
const first, most = 10_000, 20_000

const tries = 100

// Listen listens on a port of the loopback interface that was free. Who closes it
// and has somebody else listen there is not disturbed but by one who picks the same.
func Listen(ctx context.Context) (net.Listener, error) {
	var lc net.ListenConfig
	var last error
	for range tries {
		l, err := lc.Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(first+rand.IntN(most))))
		if err == nil {
			return l, nil
		}
		last = err
	}
	return nil, fmt.Errorf("no port is free: %w", last)
}

// Address returns one that nobody listens on.
func Address(ctx context.Context) (string, error) {
	l, err := Listen(ctx)
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}
