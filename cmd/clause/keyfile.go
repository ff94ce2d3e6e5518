package main

import (
	"errors"
	"os"

	"clause.dev/clause/internal/fault"
)

// keyFile opens the file first, so that no key is made that nobody has; nil if there is to be none.
func keyFile(path string) (*os.File, error) {
	if path == "" {
		return nil, nil
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fault.New("clause.key", fault.Invalid, "%q cannot be written: %v", path, rootCause(err)).WithHint("--key-to names a new file")
	}
	return file, nil
}

// handOver has a key made and writes it to a new file; where none is named, the key is returned, to be
// shown. Where the file could not be written, lost says what was made and what to do.
func handOver[T any](path string, issue func() (T, string, error), lost func(T) (what, hint string)) (made T, shown string, err error) {
	file, err := keyFile(path)
	if err != nil {
		return made, "", err
	}
	made, key, err := issue()
	switch {
	case err != nil && file != nil:
		return made, "", errors.Join(told(err), file.Close(), os.Remove(path))
	case err != nil || file == nil:
		return made, key, told(err)
	}
	_, err = file.WriteString(key + "\n")
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		what, hint := lost(made)
		return made, "", fault.New("clause.key", fault.Unavailable, "%s was made, and its key could not be written: %v", what, rootCause(err)).WithHint("%s", hint)
	}
	return made, "", nil
}
