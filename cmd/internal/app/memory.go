package app

import (
	"os"
	"runtime/debug"

	"github.com/twinctl/twin/cmd/internal/config"
)

// beside is what the process needs beside what its queues hold.
const beside = 32 << 20

// limitMemory has garbage collected earlier once the queues are full: without
// that they would cost twice of what they may hold. Who set GOMEMLIMIT knows
// better.
func limitMemory(cfg *config.Config) {
	if os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	limit := int64(beside)
	for i := range cfg.Feeds {
		limit += int64(cfg.Feeds[i].QueueLimit)
	}
	debug.SetMemoryLimit(limit)
}
