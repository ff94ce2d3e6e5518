package proof

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// Memory is what a verifier keeps of one server from one run to the next, by the origin of each log:
// without it a server could show a log that was rewritten since, correctly signed.
type Memory map[string]Remembered

// Remembered is one log's key and newest verified checkpoint.
type Remembered struct {
	Key        string `json:"key"`
	Checkpoint string `json:"checkpoint"`
}

// ParseMemory reads what Marshal wrote, and checks each checkpoint's signature.
func ParseMemory(data []byte) (Memory, error) {
	var m Memory
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&m); err != nil || m == nil {
		return nil, errors.New("not a file of remembered checkpoints")
	}
	for origin, r := range m {
		c, err := OpenCheckpoint([]byte(r.Checkpoint), r.Key)
		if err != nil || c.Origin != origin {
			return nil, fmt.Errorf("the remembered checkpoint of %q is not what was saved", origin)
		}
	}
	return m, nil
}

// Marshal is the memory as indented JSON.
func (m Memory) Marshal() ([]byte, error) {
	data, err := json.MarshalIndent(m, "", "  ")
	return append(data, '\n'), err
}

// Head is the head remembered of a log, and whether there is one.
func (m Memory) Head(origin string) (Head, bool) {
	r, ok := m[origin]
	if !ok {
		return Head{}, false
	}
	c, err := OpenCheckpoint([]byte(r.Checkpoint), r.Key)
	if err != nil {
		return Head{}, false
	}
	return Head{Size: c.Size, Root: c.Root, By: "the remembered checkpoint"}, true
}

// AnyKey is the verifier key of one of the logs, "" if none is remembered: those of the server's
// others follow from it by KeyFor.
func (m Memory) AnyKey() string {
	first := ""
	for origin := range m {
		if first == "" || origin < first {
			first = origin
		}
	}
	return m[first].Key
}

// Remember keeps a verified log's checkpoint.
func (m Memory) Remember(key string, r Report) {
	m[r.Origin] = Remembered{Key: key, Checkpoint: string(r.Signed)}
}
