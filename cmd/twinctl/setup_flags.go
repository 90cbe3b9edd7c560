package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/cmd/internal/config"
	"github.com/twinctl/twin/cmd/internal/setup"
)

// setupFlags are what can be said instead of being asked.
type setupFlags struct {
	set    *cli.FlagSet
	secret string // file, or "-"
	shown  string // fingerprint of the SFTP server's host key
	where  app.Where
	dryRun bool
}

func (f *setupFlags) declare(set *cli.FlagSet) {
	f.set = set
	set.String("name", "", "this server's `NAME`, for life (default: as the host is called)")
	set.String("role", "", "`ROLE` to begin with: primary or secondary")
	set.String("data", "", "`DIRECTORY` of the databases (default /var/lib/twin)")
	f.declareFeed(set)
	f.declareFiles(set)
	set.String("time-field", "", "`N`: a text's time stands in its N-th field (default 1)")
	set.String("time-separator", "", "`TEXT` between the fields (default: spaces)")
	set.String("time-layout", "", "`LAYOUT` of the time, as Go writes it, or epoch (default 2006-01-02 15:04:05)")
	set.String("time-zone", "", "time `ZONE` of records that do not say theirs, as Europe/Berlin (default UTC)")
	set.String("ssh-listen", "", "let the twin in by Twin's own SSH server at `HOST:PORT` (default: by the system's sshd)")
	set.StringVar(&f.where.Address, "address", "", "the twin reaches this server's SSH at `USER@HOST:PORT`")
	set.StringVar(&f.where.HostKey, "host-key", "", "`FILE` with the public host key that this server's sshd shows")
	set.BoolVar(&f.dryRun, "dry-run", false, "say what would be done, and change nothing")
}

// declareFeed declares what says where a feed comes from, but for files.
func (f *setupFlags) declareFeed(set *cli.FlagSet) {
	set.String("kind", "", "`KIND` of the first feed: ami, tail, lines, relp, syslog or files")
	set.String("feed", "", "`NAME` of the feed (default pbx, pbx-log, smdr, pbx-calls, syslog or files, by its kind)")
	set.StringArray("upstream", nil, "`ADDRESS` of the upstream of an ami or lines feed, as tls://pbx.example:5039; again for a further door to it")
	set.String("username", "", "`USER` of Asterisk's manager.conf (default twin)")
	set.StringVar(&f.secret, "secret-from", "", "read the feed's secret from `FILE`, or from standard input if that is -")
	set.String("path", "", "`FILE` that a tail feed follows")
	set.String("format", "", "`FORMAT` of the records: queue_log (default of tail and relp), text (of lines), syslog (of syslog), cdr_csv, smdr, ech or cucm_cdr")
	set.String("listen", "", "`HOST:PORT` at which this server is called, of a relp (default :2514), syslog (:5514) or lines feed")
	set.String("transport", "", "syslog comes by `HOW`: udp (default) or tcp")
	set.Bool("keeps", false, "who sends by RELP keeps on disk what it cannot deliver: a break leaves no gap")
	set.String("tls-cert-file", "", "PEM `FILE` of this server's certificate: who calls must speak TLS")
	set.String("tls-key-file", "", "PEM `FILE` of its key, mode 0600 and of the service's user")
	set.String("client-ca-file", "", "PEM `FILE` of the authority of which who calls must have a certificate")
}

// declareFiles declares what only files have.
func (f *setupFlags) declareFiles(set *cli.FlagSet) {
	set.String("dir", "", "`DIRECTORY` that a files feed reads, or sftp://user@host:port/path")
	set.String("late", "", "a record of a files feed is in its finished file after `DURATION`, at the latest, as 35m")
	set.String("key-file", "", "`FILE` of the private key for the SFTP server, mode 0600 and of the service's user")
	set.String("known-hosts-file", "", "`FILE` that pins the SFTP server's host key (default known_hosts beside twin.toml)")
	set.StringVar(&f.shown, "fingerprint", "", "the SFTP server's host key has this `SHA256:...`, as its administrator says: pin it")
	set.String("after", "", "`WHAT` becomes of a file that was read: leave (default), archive or delete")
	set.String("archive", "", "`DIRECTORY` for what was read, with --after archive")
	set.String("error", "", "`DIRECTORY` for what cannot be read, with --after archive or delete")
	set.String("stage", "", "`DIRECTORY` that a file is moved to before it is read")
}

// answers returns what was said.
func (f *setupFlags) answers(call *cli.Call, questions []setup.Question) (setup.Answers, error) {
	a := make(setup.Answers)
	wrong := func(what string, err error) error {
		return cli.Fail(cli.Usage, fmt.Errorf("%s: %w", what, err), "twinctl help setup")
	}
	for _, asked := range questions {
		flag := f.set.Lookup(asked.Flag)
		if flag == nil || !flag.Changed {
			continue
		}
		q, _ := setup.Meant(questions, asked.Flag, a["feed.kind"])
		said := flag.Value.String()
		if q.List {
			all, err := f.set.GetStringArray(q.Flag)
			if err != nil {
				return nil, err
			}
			said = strings.Join(all, " ")
		}
		settled, err := q.Settle(said)
		if err != nil {
			return nil, wrong("--"+q.Flag, err)
		}
		a[q.Key] = settled
	}
	for _, pair := range call.Set {
		key, value, ok := strings.Cut(pair, "=")
		if !ok || !isSetting(key) {
			return nil, wrong("--set "+pair, errors.New("want KEY=VALUE with a setting of twinctl config show"))
		}
		a[key] = value
	}
	if f.where.Address != "" { // also for every pair show to come
		a["ssh.address"] = f.where.Address
	}
	if f.where.HostKey != "" {
		path, err := filepath.Abs(f.where.HostKey)
		if err != nil {
			return nil, wrong("--host-key", err)
		}
		a["ssh.host_key_pub"] = path
	}
	if f.secret == "" {
		return a, nil
	}
	secret, err := secretFrom(call, f.secret)
	if err != nil {
		return nil, wrong("--secret-from", err)
	}
	a[setup.Secret] = secret
	return a, nil
}

func isSetting(key string) bool {
	for _, s := range config.Settings() {
		if s.Key == key {
			return true
		}
	}
	return false
}

const maxSecretFile = 64 << 10

func secretFrom(call *cli.Call, name string) (string, error) {
	in := call.In
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return "", err
		}
		defer f.Close() //nolint:errcheck // only read
		in = f
	}
	text, err := io.ReadAll(io.LimitReader(in, maxSecretFile))
	if err != nil {
		return "", err
	}
	secret := strings.TrimRight(string(text), "\r\n")
	return secret, setup.CheckSecret(secret)
}
