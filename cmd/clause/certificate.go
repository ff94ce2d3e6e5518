package main

import (
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/ledger/proof"
)

// certificateCmd holds what can be done with a certificate of erasure, without a server.
type certificateCmd struct {
	Verify certificateVerifyCmd `cmd:"" help:"Check a certificate of erasure: its signature, the ledger's proofs in it, and that it says what these say. No server is asked."`
}

// certificateVerifyCmd verifies a certificate.
type certificateVerifyCmd struct {
	File string `arg:"" help:"The certificate's document; - for standard input."`
	Key  string `placeholder:"VKEY" help:"The verifier key of one of the server's ledgers, from somewhere else than the certificate. Without it the certificate's word is taken, and the output says so."`
	JSON bool   `help:"Print the outcome as JSON."`
}

// maxCertificateFile bounds what is read, in bytes: no certificate is as long.
const maxCertificateFile = 2 << 20

// certificateOutcome is what the command prints as JSON.
type certificateOutcome struct {
	Verified    bool               `json:"verified"`
	Trust       string             `json:"trust"` // where the key is from
	Finding     string             `json:"finding,omitempty"`
	Certificate *proof.Certificate `json:"certificate,omitempty"`
}

// Run verifies. The exit status is 1 for a certificate that does not hold, 2 for a file that cannot be read.
func (c *certificateVerifyCmd) Run(e *env) error {
	const op = "clause.certificate"
	if c.Key != "" {
		if _, err := proof.KeyFor(c.Key, organisation); err != nil {
			return fault.New(op, fault.Invalid, "%v", err)
		}
	}
	data, err := c.read(e)
	if err != nil {
		return fault.New(op, fault.Invalid, "%q cannot be read: %v", c.File, rootCause(err)).WithHint("it is the document of a certificate, as the server issued it")
	}
	out := certificateOutcome{Trust: keyGiven}
	if c.Key == "" {
		out.Trust = keyFirstUse
	}
	cert, err := proof.VerifyCertificate(data, c.Key)
	if out.Verified = err == nil; out.Verified {
		out.Certificate = &cert
	} else {
		out.Finding = err.Error()
	}
	if c.JSON {
		if err := printJSON(e, out); err != nil {
			return err
		}
	} else {
		out.show(e)
	}
	if !out.Verified {
		return notKept
	}
	return nil
}

func (c *certificateVerifyCmd) read(e *env) ([]byte, error) {
	if c.File == "-" {
		return io.ReadAll(io.LimitReader(e.Stdin, maxCertificateFile))
	}
	f, err := os.Open(c.File)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxCertificateFile))
}

func (o *certificateOutcome) show(e *env) {
	if !o.Verified {
		e.printf("%s  %s\n", e.paint(bad, "NOT PROVEN"), o.Finding)
		return
	}
	c := o.Certificate
	what := "one person"
	if c.Kind == proof.OfTenant {
		what = "the customer " + proof.TenantOf(c.Log)
	}
	e.printf("%s  %s certifies that all data of %s was erased\n", e.paint(good, "verified"), printable(c.Issuer), what)
	for _, row := range [][2]string{
		{"certificate", c.ID}, {"asked for as", c.About}, {"unreadable since", c.Erased.UTC().Format(time.RFC3339)}, {"issued", c.Issued.UTC().Format(time.RFC3339)},
		{"keys destroyed", strings.Join(c.Keys, ", ")}, {"removed", removed(c.Removed)}, {"ledger", fmt.Sprintf("%s, %d entries proven", c.Log, len(c.Entries))},
	} {
		if row[1] != "" {
			e.printf("          %-17s %s\n", row[0], row[1])
		}
	}
	if o.Trust == keyFirstUse {
		e.printf("          its key is the one it says itself; have the ledger's from elsewhere, and pass --key '%s'\n", c.Key)
	}
}

// printable takes out of a name what a terminal would obey.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return -1
		}
		return r
	}, s)
}

func removed(counts map[string]int64) string {
	var parts []string
	for _, label := range slices.Sorted(maps.Keys(counts)) {
		parts = append(parts, fmt.Sprintf("%d %s", counts[label], label))
	}
	if len(parts) == 0 {
		return "nothing was stored"
	}
	return strings.Join(parts, ", ")
}
