package freeport

import (
	"net"
	"testing"
)

func TestFreePort(t *testing.T) {
	kept, err := Listen(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer kept.Close()
	for range 20 {
		address, err := Address(t.Context())
		if err != nil || address == kept.Addr().String() {
			t.Fatalf("%s while somebody listens on %s, %v", address, kept.Addr(), err)
		}
		l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", address)
		if err != nil {
			t.Fatalf("it is not free: %v", err)
		}
		if port := l.Addr().(*net.TCPAddr).Port; port < first || port >= first+most {
			t.Errorf("port %d", port)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
