package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/ledger/proof"
)

// organisation is the tenant of the organisation's own log.
const organisation = "_org"

// ledgerCmd holds what can be done with a ledger from outside.
type ledgerCmd struct {
	Export ledgerExportCmd `cmd:"" help:"Copy a whole ledger into a file that can be verified without the server."`
	Verify ledgerVerifyCmd `cmd:"" help:"Read a whole ledger and check that nothing in it was altered, by its signed checkpoint and by what is remembered of it."`
}

// ledgerVerifyCmd verifies the logs of a server, or one exported log.
type ledgerVerifyCmd struct {
	From           string   `arg:"" help:"The server's address (https://…), a file that an export wrote, or a person's package or the ledger.json in it."`
	Tenant         []string `help:"The tenants whose ledgers are checked; the organisation's own is _org. Without it: _org, and every tenant that it names." placeholder:"ID"`
	Key            string   `help:"The verifier key of one of the ledgers, from somewhere else than the server. Without it the server's word is taken, and the output says so." placeholder:"VKEY"`
	CredentialFile string   `help:"A file that holds an application's key with the scope audit." placeholder:"FILE"`
	CA             string   `name:"ca" help:"A PEM file of the authority that signed the server's certificate." placeholder:"FILE"`
	Since          string   `help:"The file that an earlier run saved: what was logged then must be there still, unchanged." placeholder:"FILE"`
	Save           string   `help:"Write what is to be remembered for the next run." placeholder:"FILE"`
	JSON           bool     `help:"Print the outcome as JSON."`
}

// verified is the outcome for one log.
type verified struct {
	Tenant   string          `json:"tenant"`
	Origin   string          `json:"origin,omitempty"`
	Verified bool            `json:"verified"`
	Size     int64           `json:"size"`
	Root     string          `json:"root,omitempty"`
	Key      string          `json:"key,omitempty"`
	Trust    string          `json:"trust,omitempty"` // where the key is from
	Heads    int             `json:"heads"`           // earlier heads it was held against
	Findings []proof.Finding `json:"findings"`
	Unread   string          `json:"unread,omitempty"`  // why it could not be read
	Excerpt  *excerpt        `json:"excerpt,omitempty"` // of one person, where it is not the whole log
}

// The ways a key came to be trusted.
const (
	keyGiven      = "given"
	keyRemembered = "remembered"
	keyFirstUse   = "on first use"
)

// Run verifies. The exit status is 1 if a log was altered, 3 if one could not be read.
func (c *ledgerVerifyCmd) Run(e *env) error {
	v := ledgerVerifier{cmd: c, heads: map[string][]proof.Head{}, memory: proof.Memory{}, next: proof.Memory{}}
	if err := v.remember(); err != nil {
		return err
	}
	if err := v.all(e.Context); err != nil {
		return err
	}
	if err := v.save(); err != nil {
		return err
	}
	if err := v.show(e); err != nil {
		return err
	}
	return v.outcome()
}

// ledgerVerifier is one run of the command.
type ledgerVerifier struct {
	cmd    *ledgerVerifyCmd
	memory proof.Memory            // of the run before
	next   proof.Memory            // for the run after
	heads  map[string][]proof.Head // of each tenant, in the organisation's log
	logs   []verified
}

// remember reads what is known beforehand: the key given and the memory of an earlier run.
func (v *ledgerVerifier) remember() error {
	const op = "clause.ledger"
	if v.cmd.Key != "" {
		if _, err := proof.KeyFor(v.cmd.Key, organisation); err != nil {
			return fault.New(op, fault.Invalid, "%v", err)
		}
	}
	if v.cmd.Since == "" {
		return nil
	}
	data, err := os.ReadFile(v.cmd.Since)
	if err != nil {
		return fault.New(op, fault.Invalid, "%q cannot be read: %v", v.cmd.Since, rootCause(err)).WithHint("it is the file that --save wrote")
	}
	if v.memory, err = proof.ParseMemory(data); err != nil {
		return fault.New(op, fault.Invalid, "%q: %v", v.cmd.Since, err).WithHint("it is the file that --save wrote")
	}
	for origin, r := range v.memory {
		v.next[origin] = r
	}
	return nil
}

func (v *ledgerVerifier) all(ctx context.Context) error {
	if !strings.Contains(v.cmd.From, "://") {
		return v.file(ctx)
	}
	open, err := v.server()
	if err != nil {
		return err
	}
	tenants := slices.Clone(v.cmd.Tenant)
	if len(tenants) == 0 {
		tenants = []string{organisation}
	}
	// The organisation's log comes first: it says what the others were.
	slices.SortStableFunc(tenants, func(a, b string) int { return boolOrder(a != organisation, b != organisation) })
	for i := 0; i < len(tenants); i++ {
		src, err := open(tenants[i])
		if err != nil {
			return err
		}
		v.logs = append(v.logs, v.one(ctx, src, tenants[i]))
		if len(v.cmd.Tenant) == 0 && i == 0 {
			tenants = append(tenants, sortedKeys(v.heads)...)
		}
	}
	return nil
}

func boolOrder(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

func sortedKeys(m map[string][]proof.Head) (keys []string) {
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// file verifies an exported log.
func (v *ledgerVerifier) file(ctx context.Context) error {
	const op = "clause.ledger"
	if len(v.cmd.Tenant) > 1 {
		return fault.New(op, fault.Invalid, "a file holds the ledger of one tenant")
	}
	f, err := os.Open(v.cmd.From)
	if err != nil {
		return fault.New(op, fault.Invalid, "%q cannot be read: %v", v.cmd.From, rootCause(err)).
			WithHint("name a server as https://…, or a file that an export wrote")
	}
	defer f.Close()
	if open, ok := openExcerpt(f); ok {
		v.logs = append(v.logs, v.excerpt(open))
		return nil
	}
	src, err := proof.OpenExport(f)
	if err != nil {
		return fault.New(op, fault.Invalid, "%q is %v", v.cmd.From, err)
	}
	tenant := strings.Join(v.cmd.Tenant, "")
	if tenant == "" {
		key, err := src.Key(ctx)
		if err != nil {
			return fault.New(op, fault.Invalid, "the export does not say whose ledger it is").WithHint("name it with --tenant")
		}
		tenant = proof.TenantOf(key)
	}
	v.logs = append(v.logs, v.one(ctx, src, tenant))
	return nil
}

// one verifies a log and keeps what is to be remembered of it.
func (v *ledgerVerifier) one(ctx context.Context, src proof.Source, tenant string) verified {
	out := verified{Tenant: tenant, Findings: []proof.Finding{}}
	key, trust, err := v.key(ctx, src, tenant)
	if err != nil {
		out.Unread = err.Error()
		return out
	}
	out.Key, out.Trust = key, trust
	heads := slices.Clone(v.heads[tenant])
	origin, _, _ := strings.Cut(key, "+")
	if h, ok := v.memory.Head(origin); ok {
		heads = append(heads, h)
	}
	r, err := proof.Verify(ctx, src, proof.Options{Key: key, Heads: heads, Each: func(e proof.Entry) { v.head(tenant, e) }})
	out.Origin, out.Size, out.Root, out.Heads = origin, r.Size, r.Root.String(), len(heads)
	out.Findings = append(out.Findings, r.Findings...)
	if err != nil {
		out.Unread = err.Error()
		return out
	}
	if out.Verified = r.Verified(); out.Verified {
		v.next.Remember(key, r)
	}
	return out
}

// head notes the heads of tenants in the organisation's log.
func (v *ledgerVerifier) head(log string, e proof.Entry) {
	if log != organisation {
		return
	}
	if tenant, h, ok := proof.TenantHead(e); ok {
		v.heads[tenant] = append(v.heads[tenant], h)
	}
}

// key is the verifier key of a tenant's log: the one given, the one remembered, or, if nothing is
// known of this server, the one it says.
func (v *ledgerVerifier) key(ctx context.Context, src proof.Source, tenant string) (key, trust string, err error) {
	if v.cmd.Key != "" {
		key, err = proof.KeyFor(v.cmd.Key, tenant)
		return key, keyGiven, err
	}
	if known := v.memory.AnyKey(); known != "" {
		key, err = proof.KeyFor(known, tenant)
		return key, keyRemembered, err
	}
	key, err = src.Key(ctx)
	if err == nil && proof.TenantOf(key) != tenant {
		err = errors.New("the server's key is of another ledger")
	}
	return key, keyFirstUse, err
}

// outcome is the command's exit status: what was altered weighs more than what was not read.
func (v *ledgerVerifier) outcome() error {
	unread := false
	for _, l := range v.logs {
		if len(l.Findings) > 0 {
			return notKept
		}
		unread = unread || l.Unread != ""
	}
	if unread {
		return notNow
	}
	return nil
}

// notNow is the status of a command that could not do all it was to do.
const notNow status = 3

// save writes the memory for the next run, whole or not at all.
func (v *ledgerVerifier) save() error {
	const op = "clause.ledger"
	if v.cmd.Save == "" {
		return nil
	}
	data, err := v.next.Marshal()
	if err != nil {
		return fault.As(op, fault.Other, err)
	}
	temporary := v.cmd.Save + ".new"
	if err = os.WriteFile(temporary, data, 0o600); err == nil {
		err = os.Rename(temporary, v.cmd.Save)
	}
	if err != nil {
		return fault.New(op, fault.Invalid, "%q cannot be written: %v", v.cmd.Save, rootCause(err))
	}
	return nil
}

func (v *ledgerVerifier) show(e *env) error {
	if v.cmd.JSON {
		enc := json.NewEncoder(e.Stdout)
		enc.SetIndent("", "  ")
		return enc.Encode(map[string]any{"verified": v.outcome() == nil, "logs": v.logs})
	}
	for _, l := range v.logs {
		l.show(e)
	}
	return nil
}

func (l *verified) show(e *env) {
	switch {
	case l.Verified && l.Excerpt != nil:
		e.printf("%s  %s: %d entries about %s, of %d, root %.16s…\n", e.paint(good, "verified"), l.Tenant, l.Excerpt.Entries, l.Excerpt.Subject, l.Size, l.Root)
	case l.Verified:
		e.printf("%s  %s: %d entries, root %.16s…\n", e.paint(good, "verified"), l.Tenant, l.Size, l.Root)
	case len(l.Findings) > 0:
		e.printf("%s   %s: %d entries\n", e.paint(bad, "ALTERED"), l.Tenant, l.Size)
	default:
		e.printf("%s  %s: %s\n", e.paint(warn, "not read"), l.Tenant, l.Unread)
	}
	for _, f := range l.Findings {
		where := "the ledger"
		if f.Index >= 0 {
			where = fmt.Sprintf("entry %d", f.Index)
		}
		e.printf("          %s: %s\n", where, f.What)
	}
	if l.Heads > 0 && l.Verified {
		e.printf("          grown out of each of %d earlier heads\n", l.Heads)
	}
	if l.Trust == keyFirstUse {
		e.printf("          its key is the one it says itself; next time pass --key '%s'\n", l.Key)
	}
}
