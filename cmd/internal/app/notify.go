package app

import (
	"log/slog"

	"github.com/coreos/go-systemd/v22/daemon"
)

// tell says something to systemd, if that started us and wants to know.
func tell(log *slog.Logger, state string) {
	if _, err := daemon.SdNotify(false, state); err != nil {
		log.Warn("systemd does not hear us", "state", state, "err", err)
	}
}
