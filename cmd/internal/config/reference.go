package config

// A Key is a key of a [[feed]] section, for people to read about.
type Key struct {
	Name    string // "path", "time.field"
	Kinds   string // that have it, with spaces between; "" means all
	Default string // "" if there is none
	Doc     string // with units

	implied bool // a kind leaves it empty and means Default
}

// Keys returns all that a [[feed]] section can hold, in the order of the
// documentation. The kinds themselves decide; a test compares.
func Keys() []Key {
	return []Key{
		{Name: "name", Doc: "the feed's name, the same on both twins"},
		{Name: "kind", Doc: "ami, files, lines, relp, syslog or tail"},
		{Name: "format", Default: "ami (ami), text (lines), syslog (relp, syslog)", Doc: "what a record looks like: ami, queue_log, cdr_csv, smdr, ech, cucm_cdr, text or syslog; tail and files must say, and tail cannot carry ami, ech and cucm_cdr. Queue rows come of ami, queue_log and ech, calls of all but text and syslog. The binary form of ech, and cucm_cdr, want whole files"},
		{Name: "source", Default: "name", Doc: "feeds that tell of the same calls name the same source"},
		{Name: "counts", Doc: "true: of its source this feed is the one that is counted"},
		{Name: "frame_limit", Default: "65536", Doc: "bytes of a record, 256 to 16777216; longer ones are rejected"},
		{Name: "queue_limit", Default: "4194304, 67108864 (ami)", Doc: "bytes heard and not yet stored; two frames at least"},
		{Name: "time", Doc: "a table: where a line of format text has its time; for queue_log, cdr_csv, smdr, ech and syslog zone alone"},
		{Name: "time.field", Doc: "number of the field, from 1"},
		{Name: "time.separator", Default: "white space", Doc: "text between fields"},
		{Name: "time.layout", Doc: `how Go writes 2 January 2006, 15:04:05, as "2006-01-02 15:04:05"; or epoch: seconds since 1970`},
		{Name: "time.zone", Default: "UTC", Doc: "IANA name, as Europe/Berlin; not heeded where the layout has a zone"},
		{Name: "addresses", Kinds: "ami lines", Doc: "list of doors to one upstream, in order: tcp://host:port or tls://host:port"},
		{Name: "ca_file", Kinds: "ami lines", Default: "the system's", Doc: "PEM file of the authorities that are trusted with tls"},
		{Name: "server_name", Kinds: "ami lines", Default: "the address's host", Doc: "name in the certificate"},
		{Name: "prefer_first", Kinds: "ami lines", Default: "3 (ami), 0 (lines)", Doc: "good probes in a row after which an earlier address is gone back to; 0: never"},
		{Name: "connect_timeout", Kinds: "ami lines", Default: "10s", Doc: "duration for connecting and TLS together, at most 1m", implied: true},
		{Name: "username", Kinds: "ami", Doc: "user of manager.conf"},
		{Name: "secret_file", Kinds: "ami", Doc: "file whose first line is the secret; mode 0600, of the service's user; read at each login"},
		{Name: "events", Kinds: "ami", Default: "agent,cdr,system,dialplan", Doc: "classes that are asked for, as in read of manager.conf"},
		{Name: "auth", Kinds: "ami", Default: "md5", Doc: "md5, or plain: the secret crosses the network"},
		{Name: "listen", Kinds: "lines relp syslog", Doc: "host:port on which the upstream connects; for lines in place of addresses"},
		{Name: "allow_from", Kinds: "lines relp syslog", Default: "all", Doc: "list of addresses and networks that are listened to, as 192.0.2.7 or 192.0.2.0/24; what others send is not taken, and leaves no gap"},
		{Name: "tls_cert_file", Kinds: "lines relp syslog", Doc: "PEM file of our certificate and its chain: who connects must speak TLS; read for each connection"},
		{Name: "tls_key_file", Kinds: "lines relp syslog", Doc: "PEM file of its key; mode 0600, of the service's user"},
		{Name: "client_ca_file", Kinds: "lines relp syslog", Doc: "PEM file of the authorities of which who connects must have a certificate"},
		{Name: "late", Kinds: "files lines relp syslog", Default: "2s; none (files)", Doc: "duration for which the upstream may hold a record back, at most 24h; files must say: from a record's own time until its finished file is there, at most 168h"},
		{Name: "silence", Kinds: "files lines relp syslog", Default: "for ever", Doc: "duration for which it may say nothing, 1s to 24h, and of files to 168h; then it is mute: a gap, and the alarm feed_down"},
		{Name: "transport", Kinds: "syslog", Doc: "udp or tcp; TLS is tcp with tls_cert_file"},
		{Name: "keeps", Kinds: "relp", Default: "false", Doc: "true: the upstream keeps on disk what it could not deliver, so that a break leaves no gap"},
		{Name: "path", Kinds: "tail", Doc: "file that is followed"},
		{Name: "dir", Kinds: "files", Doc: "directory that is looked at: absolute, or sftp://user@host:port/path"},
		{Name: "key_file", Kinds: "files", Doc: "with sftp: file of our private key, mode 0600"},
		{Name: "known_hosts_file", Kinds: "files", Doc: "with sftp: file that pins the server's host key, as ssh's known_hosts"},
		{Name: "mask", Kinds: "files", Default: "*", Doc: "which names, with * ? and [a-z]; never those that begin or end with _ or .part, or begin with a dot"},
		{Name: "poll", Kinds: "files", Default: "60s", Doc: "duration from one look to the next, 1s to 24h"},
		{Name: "age", Kinds: "files", Default: "10s", Doc: "duration for which a file must have stayed the same before it is read, 0s to 24h"},
		{Name: "read_limit", Kinds: "files", Default: "0", Doc: "files that are read at one look at the most; 0: all"},
		{Name: "after", Kinds: "files", Default: "leave", Doc: "what becomes of a file that was read and stored: leave, archive or delete; two twins that share a directory leave"},
		{Name: "stage", Kinds: "files", Doc: "directory that a file is moved to before it is read, with archive or delete; outside of dir, like the next two"},
		{Name: "archive", Kinds: "files", Doc: `directory for what was read, with after = "archive"`},
		{Name: "error", Kinds: "files", Doc: "directory for what cannot be read, the reason beside it as NAME.reason; archive and delete must say"},
		{Name: "retries", Kinds: "files", Default: "1", Doc: "further tries with a file that cannot be read, before it is given up"},
	}
}

// impliedBy returns what a kind means by an empty value; "" if nothing.
func impliedBy(name string) string {
	for _, k := range Keys() {
		if k.Name == name && k.implied {
			return k.Default
		}
	}
	return ""
}
