// Command picture draws what a terminal shows, as tmux capture-pane -e tells it,
// as an SVG: standard input to standard output. scripts/screens.sh uses it.
package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
)

// mostRead is how many bytes a terminal may show.
const mostRead = 1 << 20

func main() {
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "picture:", err)
		os.Exit(1)
	}
}

func run(in io.Reader, out io.Writer) error {
	text, err := io.ReadAll(io.LimitReader(in, mostRead))
	if err != nil {
		return err
	}
	w := bufio.NewWriter(out)
	if err := draw(w, read(string(text))); err != nil {
		return err
	}
	return w.Flush()
}
