package connect

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"slices"

	"clause.dev/clause/internal/policy"
)

// exported is one line of an export's answer: a row, or the end with how many there were.
type exported struct {
	Data   string                     `json:"data"`
	Key    string                     `json:"key"`
	Fields map[string]json.RawMessage `json:"fields"`
	End    bool                       `json:"end"`
	Rows   *int64                     `json:"rows"`
}

// export reads an answer a line at a time. One that ends without saying how many rows it held broke off;
// it is asked for again from the beginning, and the sink is told.
func (h *hookSystem) export(ctx context.Context, t task) (n int64, err error) {
	err = h.insist(ctx, func(ctx context.Context) error {
		n = 0
		if t.sink.Begin(h.id) != nil {
			return errSink
		}
		return h.call(ctx, t, "export", func(body io.Reader) error {
			lines := bufio.NewScanner(body)
			lines.Buffer(make([]byte, 0, 64<<10), maxLine)
			for lines.Scan() {
				if len(bytes.TrimSpace(lines.Bytes())) == 0 {
					continue
				}
				end, err := h.row(lines.Bytes(), n, t.sink)
				if err != nil || end {
					return err
				}
				n++
			}
			if errors.Is(lines.Err(), bufio.ErrTooLong) {
				return refusal("a line of the answer is longer than 1 MiB")
			}
			return outage{why: "the answer broke off"}
		})
	})
	return n, err
}

// row hands one line on. end says that it was the last.
func (h *hookSystem) row(line []byte, before int64, to Sink) (end bool, err error) {
	const odd = refusal("the answer is not what the contract says")
	var e exported
	if json.Unmarshal(line, &e) != nil {
		return false, odd
	}
	if e.End {
		if e.Rows == nil || *e.Rows != before {
			return true, refusal("the answer holds more or fewer rows than it says")
		}
		return true, nil
	}
	i := slices.IndexFunc(h.data, func(d *policy.DataSet) bool { return d.ID == e.Data })
	if i < 0 {
		return false, refusal("the answer holds a data set that the configuration does not name")
	}
	for field := range e.Fields {
		if _, ok := h.data[i].Field(field); !ok {
			return false, refusal("the answer holds a field that the data set " + e.Data + " does not have")
		}
	}
	if to.Row(Row{System: h.id, DataSet: e.Data, Key: e.Key, Fields: e.Fields}) != nil {
		return false, errSink
	}
	return false, nil
}
