package vault

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"io"
	"slices"
	"testing"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/policy"
	"pgregory.net/rapid"
)

// FuzzRecord: what decodes encodes to the same bytes, and nothing makes decoding panic.
func FuzzRecord(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{codecVersion})
	f.Add(encodeItems(nil, nil))
	f.Add(encodeItems(nil, []item{{"email", []byte(`"z@example.org"`)}, {"first_name", []byte(`"Z"`)}}))
	f.Add([]byte{codecVersion, 2, 1, 'b', 0, 1, 'a', 0})              // not in order
	f.Add([]byte{codecVersion, 2, 1, 'a', 0, 1, 'a', 0})              // twice
	f.Add([]byte{codecVersion, 0x81, 0x00, 1, 'a', 0})                // a longer number than need be
	f.Add([]byte{codecVersion, 1, 0xff, 0xff, 0xff, 0xff, 0x0f, 'a'}) // longer than there is
	f.Add([]byte{codecVersion, 1, 1, 'a', 1, 'x', 'y'})               // trailing bytes
	f.Add([]byte{codecVersion + 1, 0})                                // another format
	f.Fuzz(func(t *testing.T, plain []byte) {
		items, err := decodeItems(plain)
		if err != nil {
			return
		}
		if again := encodeItems(nil, items); !bytes.Equal(again, plain) {
			t.Fatalf("%x decodes, and encodes to %x", plain, again)
		}
	})
}

// What is encoded decodes to the same.
func TestRecordRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		fields := rapid.MapOf(rapid.String(), rapid.SliceOf(rapid.Byte())).Draw(t, "fields")
		var items []item
		for name, value := range fields {
			items = append(items, item{name, value})
		}
		got, err := decodeItems(encodeItems(nil, items))
		if err != nil || len(got) != len(fields) {
			t.Fatalf("%d fields: %v", len(got), err)
		}
		for _, it := range got {
			if !bytes.Equal(fields[it.name], it.value) {
				t.Fatalf("%q is %x", it.name, it.value)
			}
		}
	})
}

// No two places share the data that their ciphertexts are bound to.
func TestBindings(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ids := rapid.SliceOf(rapid.StringOf(rapid.SampledFrom([]rune("ab\x00\x01\x02"))))
		a, b := ids.Draw(t, "a"), ids.Draw(t, "b")
		kind := rapid.SampledFrom([]string{"record", "subject", "blob"})
		x, y := kind.Draw(t, "x"), kind.Draw(t, "y")
		if same := x == y && slices.Equal(a, b); same != bytes.Equal(bind(x, a...), bind(y, b...)) {
			t.Fatalf("%s %q and %s %q", x, a, y, b)
		}
	})
}

// FuzzRow: a row of a backup that decodes encodes to no more than it was.
func FuzzRow(f *testing.F) {
	tables := db.Tables()
	row := encodeRow(nil, tables[0].Columns, filled(tables[0].Columns))
	f.Add(uint8(0), row)
	f.Add(uint8(0), row[:len(row)-1])
	f.Add(uint8(6), encodeRow(nil, tables[6].Columns, filled(tables[6].Columns)))
	f.Add(uint8(1), []byte{0x80, 0x00, 0})
	f.Fuzz(func(t *testing.T, table uint8, row []byte) {
		columns := tables[int(table)%len(tables)].Columns
		values, err := decodeRow(row, columns)
		if err != nil {
			return
		}
		dest := slots(columns)
		for i, v := range values {
			switch v := v.(type) {
			case string:
				*dest[i].(*string) = v
			case int64:
				*dest[i].(*int64) = v
			case []byte:
				*dest[i].(*[]byte) = v
			}
		}
		if again := encodeRow(nil, columns, dest); len(again) > len(row) {
			t.Fatalf("%x decodes, and encodes to %x", row, again)
		}
	})
}

// filled returns values of a row, none of them empty.
func filled(columns []db.Column) []any {
	dest := slots(columns)
	for i := range dest {
		switch d := dest[i].(type) {
		case *string:
			*d = "text of " + columns[i].Name
		case *int64:
			*d = int64(i) - 3
		case *[]byte:
			*d = []byte{1, 2, byte(i)}
		}
	}
	return dest
}

// FuzzFrames: reading the frames of a backup ends, without a panic and without much memory.
func FuzzFrames(f *testing.F) {
	var whole bytes.Buffer
	out := frameWriter{bufio.NewWriter(&whole)}
	for kind, body := range map[byte][]byte{frameTable: []byte("x"), frameRow: nil, frameEnd: {2, 0}} {
		if err := out.write(kind, body); err != nil {
			f.Fatal(err)
		}
	}
	if err := out.w.Flush(); err != nil {
		f.Fatal(err)
	}
	f.Add(whole.Bytes())
	f.Add(binary.AppendUvarint([]byte{frameRow}, maxFrame+1))
	f.Add([]byte{frameRow, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f})
	f.Fuzz(func(t *testing.T, data []byte) {
		in := frameReader{bufio.NewReader(bytes.NewReader(data))}
		read := 0
		for {
			_, body, err := in.read()
			if err != nil {
				if !fault.Is(err, fault.Invalid) {
					t.Fatalf("%v", err)
				}
				return
			}
			if read += len(body) + 2; read > len(data) {
				t.Fatalf("%d bytes were read of %d", read, len(data))
			}
		}
	})
}

// FuzzCanonical: a value has one canonical form, which is valid JSON, and is canonical itself.
func FuzzCanonical(f *testing.F) {
	types := []policy.Type{policy.Text, policy.Date, policy.Integer, policy.Money, policy.Bool, policy.Email, policy.Phone, policy.Enum}
	for _, c := range canonicalValues {
		f.Add(uint8(max(slices.Index(types, c.field.Type), 0)), []byte(c.raw))
	}
	f.Fuzz(func(t *testing.T, typ uint8, raw []byte) {
		field := field("f", types[int(typ)%len(types)], oneOf("red", "green"))
		value, err := canonical(&field, raw)
		if err != nil {
			if !fault.Is(err, fault.Invalid) {
				t.Fatal(err)
			}
			return
		}
		if !json.Valid(value) {
			t.Fatalf("%q became %q, which is not JSON", raw, value)
		}
		again, err := canonical(&field, value)
		if err != nil || !bytes.Equal(again, value) {
			t.Fatalf("%q became %q, and that %q: %v", raw, value, again, err)
		}
	})
}

// FuzzState: a standing that decodes encodes to what decodes to the same.
func FuzzState(f *testing.F) {
	alias := newAlias()
	f.Add([]byte(alias))
	f.Add([]byte(alias + "cinsights\nosecurity\nr\n"))
	f.Add([]byte(alias + "c"))
	f.Fuzz(func(t *testing.T, plain []byte) {
		p, err := decodeState(plain)
		if err != nil {
			return
		}
		again, err := decodeState(p.encode())
		if err != nil || again.alias != p.alias || again.restricted != p.restricted ||
			!slices.Equal(again.consents, p.consents) || !slices.Equal(again.objections, p.objections) {
			t.Fatalf("%q: %+v, again %+v, %v", plain, p, again, err)
		}
	})
}

// FuzzRestore: no file makes a restore panic or succeed.
func FuzzRestore(f *testing.F) {
	w := sqliteWorld(f)
	f.Add([]byte("{}\n"))
	f.Add([]byte(`{"clause_backup":1,"store":"` + w.ring.StoreID().String() + `","epoch":1,"key":"AAAA"}` + "\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		h, stream, err := w.vault.openBackup(bufio.NewReader(bytes.NewReader(data)))
		if err == nil {
			_, err = io.Copy(io.Discard, stream)
		}
		if err == nil {
			t.Fatalf("a backup was made up: %+v", h)
		}
	})
}
