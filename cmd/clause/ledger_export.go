package main

import (
	"errors"
	"os"

	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/ledger/proof"
)

// ledgerExportCmd copies a ledger into a file.
type ledgerExportCmd struct {
	From           string `arg:"" help:"The server's address (https://…)."`
	To             string `help:"The file to write; it must not exist." required:"" placeholder:"FILE"`
	Tenant         string `help:"Whose ledger; the organisation's own is _org." default:"_org" placeholder:"ID"`
	CredentialFile string `help:"A file that holds an application's key with the scope audit." placeholder:"FILE"`
	CA             string `name:"ca" help:"A PEM file of the authority that signed the server's certificate." placeholder:"FILE"`
}

// Run exports. What was written of a ledger that could not be read to its end is removed.
func (c *ledgerExportCmd) Run(e *env) (err error) {
	const op = "clause.ledger"
	v := ledgerVerifier{cmd: &ledgerVerifyCmd{From: c.From, CredentialFile: c.CredentialFile, CA: c.CA}}
	open, err := v.server()
	if err != nil {
		return err
	}
	src, err := open(c.Tenant)
	if err != nil {
		return err
	}
	out, err := os.OpenFile(c.To, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fault.New(op, fault.Invalid, "%q cannot be written: %v", c.To, rootCause(err))
	}
	if err = errors.Join(proof.WriteExport(e.Context, out, src), out.Sync(), out.Close()); err != nil {
		return errors.Join(fault.As(op, fault.Unavailable, err), os.Remove(c.To))
	}
	e.printf("%s holds the ledger of %s; check it with: clause ledger verify %s\n", c.To, c.Tenant, c.To)
	return nil
}
