package main

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"os"
	"strings"

	"clause.dev/clause/internal/ledger/proof"
)

// excerpt is one person's part of a ledger, as they were given it.
type excerpt struct {
	Subject string `json:"subject"` // the name by which the ledger knows them
	Entries int    `json:"entries"`
}

// maxExcerpt bounds what is unpacked of a package: an archive can be made to unpack to anything.
const maxExcerpt = 4 << 30

// openExcerpt opens the person's part of a ledger in a file that is one, or is a package with one. Others
// are not ok.
func openExcerpt(f *os.File) (open func() (io.ReadCloser, error), ok bool) {
	var start [4]byte
	n, _ := f.ReadAt(start[:], 0)
	switch {
	case n == 4 && bytes.Equal(start[:], []byte("PK\x03\x04")):
		return func() (io.ReadCloser, error) {
			info, err := f.Stat()
			if err != nil {
				return nil, err
			}
			z, err := zip.NewReader(f, info.Size())
			if err != nil {
				return nil, errors.New("the archive is not whole")
			}
			member, err := z.Open("ledger.json")
			if err != nil {
				return nil, errors.New("the archive holds no ledger.json")
			}
			return struct {
				io.Reader
				io.Closer
			}{io.LimitReader(member, maxExcerpt), member}, nil
		}, true
	case n > 0 && start[0] == '{':
		return func() (io.ReadCloser, error) {
			_, err := f.Seek(0, io.SeekStart)
			return io.NopCloser(f), err
		}, true
	}
	return nil, false
}

// excerpt verifies a person's part of a ledger: that each entry stands in the ledger, not that none was
// left out.
func (v *ledgerVerifier) excerpt(open func() (io.ReadCloser, error)) verified {
	out := verified{Findings: []proof.Finding{}}
	seen, err := readExcerpt(open, "")
	if seen.Key == "" {
		out.Unread = err.Error()
		return out
	}
	out.Tenant, out.Key, out.Trust = proof.TenantOf(seen.Key), seen.Key, keyFirstUse
	out.Origin, _, _ = strings.Cut(seen.Key, "+")
	known, trust := v.cmd.Key, keyGiven
	if known == "" {
		known, trust = v.memory.AnyKey(), keyRemembered
	}
	if known != "" {
		tenant := out.Tenant
		if len(v.cmd.Tenant) > 0 {
			tenant = v.cmd.Tenant[0]
		}
		key, wrong := proof.KeyFor(known, tenant)
		if wrong != nil {
			out.Unread = wrong.Error()
			return out
		}
		out.Key, out.Trust = key, trust
		seen, err = readExcerpt(open, key)
	}
	out.Size, out.Root = seen.Checkpoint.Size, seen.Checkpoint.Root.String()
	out.Excerpt = &excerpt{Subject: seen.Subject, Entries: seen.Entries}
	if err != nil {
		out.Findings = append(out.Findings, proof.Finding{Index: -1, What: err.Error()})
		return out
	}
	out.Verified = true
	return out
}

func readExcerpt(open func() (io.ReadCloser, error), key string) (proof.ExcerptReport, error) {
	r, err := open()
	if err != nil {
		return proof.ExcerptReport{}, err
	}
	defer r.Close()
	return proof.VerifyExcerpt(r, key, nil)
}
