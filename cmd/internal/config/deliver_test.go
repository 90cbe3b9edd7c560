package config_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/cmd/internal/config"
)

const mailing = "[mail]\nserver = \"smtp.example.com:587\"\nfrom = \"twin@example.com\"\n"

func TestDeliver(t *testing.T) {
	head := "name = \"cms-a\"\n"
	for name, c := range map[string]struct{ text, want string }{
		"nothing":                  {"", ""},
		"mail":                     {mailing, ""},
		"with a login":             {mailing + "username = \"twin\"\npassword_file = \"p\"\n", ""},
		"to both":                  {mailing + "[deliver]\nexec = \"tell\"\nalarms_to = \"mail:noc@example.com, exec:pager, exec\"\n", ""},
		"a password in the clear":  {mailing + "username = \"twin\"\npassword_file = \"p\"\ntls = \"none\"\n", "mail.tls: is \"none\": the password would cross"},
		"a login without password": {mailing + "username = \"twin\"\n", "mail.password_file: missing"},
		"a password without login": {mailing + "password_file = \"p\"\n", "mail.username: missing"},
		"no sender":                {"[mail]\nserver = \"smtp.example.com:25\"\n", "mail.from: missing"},
		"no server":                {"[mail]\nfrom = \"twin@example.com\"\n", "mail.server: missing"},
		"a sender with a name":     {"[mail]\nserver = \"h:25\"\nfrom = \"Twin <twin@example.com>\"\n", "want a mail address"},
		"a server without port":    {"[mail]\nserver = \"smtp.example.com\"\n", "want host:port"},
		"a host that is none":      {"[mail]\nserver = \"smtp example:25\"\n", "want host:port"},
		"another tls":              {mailing + "tls = \"maybe\"\n", "want starttls, tls or none"},
		"no program":               {mailing + "[deliver]\nalarms_to = \"exec:pager\"\n", "deliver.alarms_to: has exec:pager, but deliver.exec is not set"},
		"nobody to hand mail to":   {"[deliver]\nalarms_to = \"mail:noc@example.com\"\n", "but mail.server is not set"},
		"another way":              {"[deliver]\nalarms_to = \"pigeon:noc\"\n", "want mail:ADDRESS or exec:WORD"},
		"the same twice":           {mailing + "[deliver]\nalarms_to = \"mail:a@example.com,mail:a@example.com\"\n", "stands there twice"},
		"an address that is none":  {mailing + "[deliver]\nalarms_to = \"mail:noc\"\n", "want a mail address"},
		"no time":                  {"[deliver]\nexec_timeout = \"10m\"\n", "want a duration from 1s to 5m0s"},
		"a key that is none":       {"[deliver]\nalarm_to = \"x\"\n", "did you mean alarms_to?"},
		"a password in the file":   {mailing + "password = \"x\"\n", "mail.password: unknown key"},
	} {
		_, _, err := load(t, head+c.text, config.Source{})
		if got := ""; err != nil {
			got = err.Error()
			if c.want == "" || !strings.Contains(got, c.want) {
				t.Errorf("%s: %s, want %s", name, got, c.want)
			}
		} else if c.want != "" {
			t.Errorf("%s: it is taken, want %s", name, c.want)
		}
	}
}

func TestReceivers(t *testing.T) {
	got, err := config.Receivers(" mail:noc@example.com ,exec:+49 30 1234,exec:")
	want := []string{config.Receiver(config.ByMail, "noc@example.com"), config.Receiver(config.ByExec, "+49 30 1234"), "exec"}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
	if got, err := config.Receivers(""); got != nil || err != nil {
		t.Errorf("%v, %v", got, err)
	}
	for _, wrong := range []string{"mail:", "mail:a@example.com,", "exec:a\nb", "mail:a@example.com\r\nRCPT TO:<b@example.com>"} {
		if got, err := config.Receivers(wrong); err == nil {
			t.Errorf("%q is %v", wrong, got)
		}
	}
}

// What a program that is told facts has in its environment is no misspelt setting.
func TestFactVariablesAreHeeded(t *testing.T) {
	got := config.Unheeded([]string{config.FactVariables + "TYPE=alarm", "TWIN_DELIVER_EXEC=x", "TWIN_DELIVER_EXE=x"})
	if len(got) != 1 || !strings.Contains(got[0], "TWIN_DELIVER_EXEC?") {
		t.Errorf("%q", got)
	}
}
