// Package publish writes what people, regulators and machines read, from the policy that runs: no
// figure in it is typed twice.
package publish

import (
	"time"

	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/policy"
)

// Options say how a policy is published.
type Options struct {
	Language string            // of the fixed phrases and, where it has them, of the clauses: "en" or "ar"
	On       time.Time         // the day of publishing
	Controls policy.Vocabulary // says which controls run
}

// File is one published file.
type File struct {
	Name      string // a path with slashes, such as .well-known/security.txt
	MediaType string
	Bytes     []byte
}

// document is one thing that can be published.
type document struct {
	name      string // of its file
	mediaType string
	doc       string // what it is, for people
	// write makes it. A nil result is no error: the policy holds nothing to publish there.
	write func(*policy.Policy, Options) ([]byte, error)
}

// documents lists everything that can be published.
func documents() []document { return append(statements(), records()...) }

// Names returns the names of all files that can be published, and what each is.
func Names() (names, docs []string) {
	for _, d := range documents() {
		names, docs = append(names, d.name), append(docs, d.doc)
	}
	return names, docs
}

// All publishes everything there is. An unknown language is Invalid.
func All(p *policy.Policy, o Options) ([]File, error) {
	var files []File
	for _, d := range documents() {
		f, err := publish(d, p, o)
		if err != nil {
			return nil, err
		}
		if f.Bytes != nil {
			files = append(files, f)
		}
	}
	return files, nil
}

// One publishes the file of a name. A name nobody knows is Invalid; a document for which the policy
// holds nothing is NotFound.
func One(p *policy.Policy, name string, o Options) (File, error) {
	const op = "publish.One"
	names, _ := Names()
	for _, d := range documents() {
		if d.name != name {
			continue
		}
		f, err := publish(d, p, o)
		if err == nil && f.Bytes == nil {
			return File{}, fault.New(op, fault.NotFound, "the policy holds nothing to publish as %s", name)
		}
		return f, err
	}
	return File{}, fault.New(op, fault.Invalid, "nothing is published as %q", name).WithHint("%s", policy.Advise(name, names))
}

func publish(d document, p *policy.Policy, o Options) (File, error) {
	body, err := d.write(p, o)
	if err != nil {
		return File{}, fault.Wrap("publish."+d.name, err)
	}
	return File{Name: d.name, MediaType: d.mediaType, Bytes: body}, nil
}
