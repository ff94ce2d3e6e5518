package main

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"mime"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/trust"
)

// largestDocument bounds a further document: the server holds it in memory.
const largestDocument = 16 << 20

// readDocuments reads the further documents of the policy from a folder, each in a file named by its id. One
// that is not there is served elsewhere; one that is not what the policy says is an error.
func readDocuments(folder string, pol *policy.Policy) (map[string]trust.Document, error) {
	const op = "clause.readDocuments"
	if folder == "" {
		return nil, nil
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, fault.New(op, fault.Invalid, "%q cannot be read: %v", folder, rootCause(err))
	}
	held := map[string]trust.Document{}
	for _, further := range pol.Documents {
		for _, e := range entries {
			extension := filepath.Ext(e.Name())
			if e.IsDir() || strings.TrimSuffix(e.Name(), extension) != further.ID {
				continue
			}
			if _, twice := held[further.ID]; twice {
				return nil, fault.New(op, fault.Invalid, "%q holds two files for the document %s", folder, further.ID).WithHint("keep the one that was published")
			}
			body, err := readDocument(filepath.Join(folder, e.Name()))
			if err != nil {
				return nil, err
			}
			sum := sha256.Sum256(body)
			if found := hex.EncodeToString(sum[:]); further.SHA256 != "" && further.SHA256 != found {
				return nil, fault.New(op, fault.Invalid, "%s is not the document that the policy names: its SHA-256 is %s, the policy says %s", e.Name(), found, further.SHA256).
					WithHint("put back what was published, or publish a new version of the policy with the new digest")
			}
			held[further.ID] = trust.Document{MediaType: mediaTypeOf(extension, body), Bytes: body}
		}
	}
	if len(held) == 0 {
		return nil, fault.New(op, fault.Invalid, "%q holds none of the documents that the policy names", folder).WithHint("name each file by the document's id, such as terms-of-use.pdf")
	}
	return held, nil
}

func readDocument(path string) ([]byte, error) {
	const op = "clause.readDocument"
	file, err := os.Open(path)
	if err != nil {
		return nil, fault.New(op, fault.Invalid, "%q cannot be read: %v", path, rootCause(err))
	}
	defer file.Close()
	body, err := io.ReadAll(io.LimitReader(file, largestDocument+1))
	switch {
	case err != nil:
		return nil, fault.New(op, fault.Invalid, "%q cannot be read: %v", path, rootCause(err))
	case len(body) > largestDocument:
		return nil, fault.New(op, fault.Invalid, "%q is larger than %d MB", path, largestDocument>>20).WithHint("serve it elsewhere; the policy's url says where")
	}
	return body, nil
}

// mediaTypeOf is the type that a file's name tells, or else its content.
func mediaTypeOf(extension string, body []byte) string {
	switch strings.ToLower(extension) { // those that not every machine knows
	case ".md":
		return "text/markdown; charset=utf-8"
	case ".txt":
		return "text/plain; charset=utf-8"
	case ".pdf":
		return "application/pdf"
	}
	if known := mime.TypeByExtension(extension); known != "" {
		return known
	}
	return http.DetectContentType(body)
}
