package main

import (
	"errors"
	"os"

	"clause.dev/clause/internal/fault"
)

// keyFile makes the file first, so that no key is made that nobody has.
func keyFile(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fault.New("clause.key", fault.Invalid, "%q cannot be written: %v", path, rootCause(err)).WithHint("name a new file")
	}
	return file, nil
}

// handOver has a key made and writes it to a new file; where none is named, the key is returned, to be
// shown. Where the file could not be written, lost says what was made and what to do.
func handOver[T any](path string, issue func() (T, string, error), lost func(T) (what, hint string)) (made T, shown string, err error) {
	if path == "" {
		made, shown, err = issue()
		return made, shown, told(err)
	}
	file, err := keyFile(path)
	if err != nil {
		return made, "", err
	}
	made, key, err := issue()
	if err != nil {
		return made, "", errors.Join(told(err), file.Close(), os.Remove(path))
	}
	_, err = file.WriteString(key + "\n")
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		what, hint := lost(made)
		return made, "", fault.New("clause.key", fault.Unavailable, "%s was made, and its key could not be written: %v", what, rootCause(err)).WithHint("%s", hint)
	}
	return made, "", nil
}
