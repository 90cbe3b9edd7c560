// Twind collects the feeds of one server.
package main

import (
	"os"

	"github.com/twinctl/twin/cmd/internal/app"
)

func main() { os.Exit(app.Main()) }
