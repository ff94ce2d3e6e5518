package notify

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
)

// Folder puts letters as pages to print into a folder of the operator's, for its user alone. A letter
// lies there until it is marked as posted; that of a person who is erased is removed with them.
type Folder struct {
	path  string
	words *Library
}

// NewFolder returns the channel of letters.
func NewFolder(path string, words *Library) (*Folder, error) {
	const op = "notify.NewFolder"
	info, err := os.Stat(path)
	switch {
	case err != nil || !info.IsDir():
		return nil, fault.New(op, fault.Invalid, "there is no folder %q for letters", path).WithHint("make it: mkdir -m 0700 %s", path)
	case info.Mode().Perm()&0o077 != 0:
		return nil, fault.New(op, fault.Invalid, "others can look into the folder of letters %q", path).WithHint("chmod 0700 %s", path)
	}
	return &Folder{path: path, words: words}, nil
}

// letterEnd ends the names of letters: what else lies in the folder is not touched.
const letterEnd = ".letter.html"

// LetterFile is what the file of a letter is called. Neither a tenant's id nor a message's holds a +.
func LetterFile(tenant, id string) string { return tenant + "+" + id + letterEnd }

func (f *Folder) name(tenant, id string) string { return filepath.Join(f.path, LetterFile(tenant, id)) }

// Send prints a letter, whole or not at all.
func (f *Folder) Send(_ context.Context, d *Dispatch) error {
	html, err := f.words.Letter(d.Words, d.To[0], time.UnixMicro(d.Now).UTC())
	if err != nil {
		return err
	}
	file := f.name(d.Tenant, d.ID)
	if err := os.WriteFile(file+".new", []byte(html), 0o600); err != nil {
		return &Outage{Reason: "folder", Err: errors.New("the folder of letters cannot be written")}
	}
	if err := os.Rename(file+".new", file); err != nil {
		return &Outage{Reason: "folder", Err: errors.New("the folder of letters cannot be written")}
	}
	return nil
}

// Tidy removes letters that were posted, and those of people who are no more.
func (f *Folder) Tidy(ctx context.Context, d *db.DB) error {
	const op = "notify.Tidy"
	files, err := os.ReadDir(f.path)
	if err != nil {
		return nil // a folder that is not there holds nothing; sending says so
	}
	byTenant := map[string][]string{}
	for _, file := range files {
		name := strings.TrimSuffix(file.Name(), ".new")
		tenant, rest, ok := strings.Cut(name, "+")
		id, letter := strings.CutSuffix(rest, letterEnd)
		if ok && letter && file.Type().IsRegular() {
			byTenant[tenant] = append(byTenant[tenant], id)
		}
	}
	for tenant, ids := range byTenant {
		keep, err := unposted(ctx, d, tenant)
		if err != nil {
			return fault.Wrap(op, err)
		}
		for _, id := range ids {
			if slices.Contains(keep, id) {
				continue
			}
			for _, file := range []string{f.name(tenant, id), f.name(tenant, id) + ".new"} {
				if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
					return fault.New(op, fault.Unavailable, "a letter cannot be removed from the folder of letters")
				}
			}
		}
	}
	return nil
}

// unposted are the letters of a tenant that lie in a folder, or may be on their way there.
func unposted(ctx context.Context, d *db.DB, tenant string) (ids []string, err error) {
	err = d.Read(ctx, tenant, func(tx *db.Tx) error {
		all, err := notes(tx, `channel = $2 AND state IN ($3, $4) ORDER BY message_id`, string(Letter), Printed, Waiting)
		ids = nil
		for _, n := range all {
			ids = append(ids, n.ID)
		}
		return err
	})
	return ids, err
}
