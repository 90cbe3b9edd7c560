package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/audit"
	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/sync/link"
)

// The audits: each database that people change has its own.
const (
	nodeAudit  = "node"
	adminAudit = "admin"
)

func auditVerifyCommand() cli.Command {
	var known []string
	var twin bool
	return cli.Command{
		Name:  "verify",
		Short: "prove that nothing was changed in the audits or taken from them",
		Long: `There are two audits: of this server (node.db) and of administration data (admin.db). Each act has a hash that covers the act before. Verify reads them all and names the first that is not what was written down; ` +
			`of administration data also rows and changes that are not what their hashes say. ` +
			`That acts were taken off the end only an older head can tell: keep what this prints on another machine and give it back with --head. ` +
			`The twin keeps one at each sync: --twin asks it for that, and whether what this server kept of its audit is still so there.`,
		Examples: []cli.Example{
			{Line: "twinctl audit verify", Why: "all of both; prints the heads"},
			{Line: "twinctl audit verify --twin", Why: "and that neither server has rewritten administration data since the last sync"},
			{Line: "twinctl audit verify --head 1042:5f3c... --head admin:77:90ab...", Why: "and that these heads of earlier are still in them"},
		},
		Exits:   []cli.Code{cli.Refused, cli.Unreachable, cli.Untrusted},
		Outputs: []cli.Format{cli.Text, cli.JSON},
		Flags: func(f *cli.FlagSet) {
			f.BoolVar(&twin, "twin", false, "ask the twin too, about administration data")
			f.StringArrayVar(&known, "head", nil, "the `ID:HASH` of an earlier head, or admin:ID:HASH; repeatable")
		},
		Run: with(func(ctx context.Context, call *cli.Call, s *site) error {
			earlier := map[string][]audit.Head{}
			for _, text := range known {
				file, head, err := parseHead(text)
				if err != nil {
					return cli.Fail(cli.Usage, err, "twinctl help audit verify")
				}
				earlier[file] = append(earlier[file], head)
			}
			if twin {
				head, err := s.toldByTwin(ctx)
				if err != nil {
					return err
				}
				earlier[adminAudit] = append(earlier[adminAudit], head)
			}
			node, err := proved(ctx, s.data.Node.AuditVerify, s.data.Node.Audited, earlier[nodeAudit])
			if err != nil {
				return err
			}
			administered, err := proved(ctx, s.data.Admin.Verify, s.data.Admin.Audited, earlier[adminAudit])
			if err != nil {
				return err
			}
			return showVerified(call, node, administered)
		}),
	}
}

// toldByTwin returns what our audit was at the last sync, as the twin wrote it
// down, if the twin's own has still in it what it had then.
func (s *site) toldByTwin(ctx context.Context) (audit.Head, error) {
	l, err := s.notary().Dial(ctx, link.Options{})
	if err != nil {
		return audit.Head{}, err
	}
	defer l.Close() //nolint:errcheck // nothing is under way
	known, a, err := s.witness(ctx, l)
	if err != nil {
		return audit.Head{}, err
	}
	if !a.Held {
		return audit.Head{}, cli.Fail(cli.Untrusted, fmt.Errorf("on %s: the audit of administration data has not got act %d any more, as it was at the last sync",
			inert.Text(l.Pair.Name), known.ID), "twinctl audit verify, there; if its admin.db was put back from a copy or begun anew: twinctl audit accept, with the head that this prints, or 0")
	}
	return a.Yours, nil
}

// parseHead reads ID:HASH or FILE:ID:HASH.
func parseHead(text string) (file string, head audit.Head, err error) {
	file, rest := nodeAudit, text
	for _, name := range []string{nodeAudit, adminAudit} {
		if bare, ok := strings.CutPrefix(text, name+":"); ok {
			file, rest = name, bare
		}
	}
	if head, err = readHead(rest); err == nil && head.ID < 1 {
		err = errHead
	}
	if err != nil {
		return file, head, fmt.Errorf("--head %q: %w, or admin:ID:HASH", text, err)
	}
	return file, head, nil
}

var errHead = errors.New("want ID:HASH, as twinctl audit verify prints it")

// readHead reads ID:HASH, or the 0 of an audit without acts.
func readHead(text string) (head audit.Head, err error) {
	if text == head.String() {
		return head, nil
	}
	id, hash, _ := strings.Cut(text, ":")
	if head.ID, err = strconv.ParseInt(id, 10, 64); err == nil {
		err = head.Hash.UnmarshalText([]byte(hash))
	}
	if err != nil || head.ID < 1 {
		return head, errHead
	}
	return head, nil
}

// A proof is what was found about one audit.
type proof struct {
	OK     bool          `json:"ok"`
	Head   audit.Head    `json:"head"` // the last act that is whole
	Broken *audit.Broken `json:"broken"`
	// Tampered says what else is not what was written down; "" is nothing.
	Tampered string `json:"tampered,omitempty"`
}

// proved verifies an audit, and that the earlier heads are still in it.
func proved(ctx context.Context, verify func(context.Context) (audit.Head, error), read audit.Reader, earlier []audit.Head) (proof, error) {
	head, err := verify(ctx)
	for _, e := range earlier {
		if err == nil {
			err = audit.Contains(ctx, read, e)
		}
	}
	p := proof{Head: head}
	switch {
	case err == nil:
		p.OK = true
	case errors.Is(err, admin.ErrTampered):
		p.Tampered = err.Error()
	case !errors.As(err, &p.Broken):
		return p, err
	}
	return p, nil
}

func showVerified(call *cli.Call, node, administered proof) error {
	if call.Format == cli.JSON {
		ok := node.OK && administered.OK
		err := call.Show(cli.View{Document: struct {
			OK     bool          `json:"ok"` // of both
			Head   audit.Head    `json:"head"`
			Broken *audit.Broken `json:"broken"`
			Admin  proof         `json:"admin"`
		}{ok, node.Head, node.Broken, administered}})
		if err == nil && !ok {
			err = cli.Fail(cli.Untrusted, nil, "")
		}
		return err
	}
	var broken error
	var whole []string
	for _, p := range []struct {
		name, prefix string
		proof
	}{{"the audit", "", node}, {"the audit of administration data", adminAudit + ":", administered}} {
		switch {
		case p.Tampered != "":
			broken = errors.Join(broken, fmt.Errorf("administration data: %s", p.Tampered))
		case p.Broken != nil:
			broken = errors.Join(broken, fmt.Errorf("%s is broken at %d: %s", p.name, p.Broken.ID, p.Broken.Why))
		case p.Head.ID == 0:
			whole = append(whole, p.name+" is empty")
		default:
			whole = append(whole, fmt.Sprintf("%s is whole; its head is %s%s", p.name, p.prefix, p.Head))
		}
	}
	if broken != nil {
		return cli.Fail(cli.Untrusted, broken, "")
	}
	_, err := fmt.Fprintln(call.Out, strings.Join(whole, "\n"))
	return err
}
