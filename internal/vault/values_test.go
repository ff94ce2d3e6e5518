package vault

import (
	"encoding/json"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/policy"
)

var canonicalValues = []struct {
	field policy.Field
	raw   string
	want  string // "" where it is refused
}{
	{field("f", policy.Text), `"Zaynab"`, `"Zaynab"`},
	{field("f", policy.Text), ` "a\u0062c" `, `"abc"`},
	{field("f", policy.Text), `""`, `""`},
	{field("f", policy.Text), `"سلام 👋"`, `"سلام 👋"`},
	{field("f", policy.Text), `"\ud83d\udc4b"`, `"👋"`},
	{field("f", policy.Text), `"<b>&"`, `"\u003cb\u003e\u0026"`},
	{field("f", policy.Text), `"\ufffd"`, ``},
	{field("f", policy.Text), `"�"`, `"�"`},
	{field("f", policy.Text), `"\ud800"`, ``},
	{field("f", policy.Text), `"�\ud800"`, ``},
	{field("f", policy.Text), `"\\ufffd\ud800"`, ``},
	{field("f", policy.Text), `"a\u0000b"`, ``},
	{field("f", policy.Text), "\"a\xffb\"", ``},
	{field("f", policy.Text), `7`, ``},
	{field("f", policy.Text), `{"a":1}`, ``},
	{field("f", policy.Text), `["a"]`, ``},
	{field("f", policy.Text), `"unclosed`, ``},
	{field("f", policy.Text), ``, ``},
	{field("f", policy.Text, upTo(3)), `"äb"`, `"äb"`},
	{field("f", policy.Text, upTo(3)), `"äbc"`, ``},
	{field("f", policy.Text), `"` + strings.Repeat("x", defaultTextMax) + `"`, `"` + strings.Repeat("x", defaultTextMax) + `"`},
	{field("f", policy.Text), `"` + strings.Repeat("x", defaultTextMax+1) + `"`, ``},

	{field("f", policy.Date), `"2024-02-29"`, `"2024-02-29"`},
	{field("f", policy.Date), `"2023-02-29"`, ``},
	{field("f", policy.Date), `"2024-2-9"`, ``},
	{field("f", policy.Date), `"2024-02-29T00:00:00Z"`, ``},
	{field("f", policy.Date), `20240229`, ``},

	{field("f", policy.Integer), `42`, `42`},
	{field("f", policy.Integer), ` -7 `, `-7`},
	{field("f", policy.Integer), `-0`, `0`},
	{field("f", policy.Integer), `9223372036854775807`, `9223372036854775807`},
	{field("f", policy.Integer), `9223372036854775808`, ``},
	{field("f", policy.Integer), `1.0`, ``},
	{field("f", policy.Integer), `1e3`, ``},
	{field("f", policy.Integer), `+1`, ``},
	{field("f", policy.Integer), `01`, ``},
	{field("f", policy.Integer), `"1"`, ``},
	{field("f", policy.Integer), `true`, ``},

	{field("f", policy.Money), `"1250.00 AED"`, `"1250.00 AED"`},
	{field("f", policy.Money), `"0 USD"`, `"0 USD"`},
	{field("f", policy.Money), `"-12.5 EUR"`, `"-12.5 EUR"`},
	{field("f", policy.Money), `"-0.00 EUR"`, `"0.00 EUR"`},
	{field("f", policy.Money), `"999999999999999.9999 KWD"`, `"999999999999999.9999 KWD"`},
	{field("f", policy.Money), `"1000000000000000 KWD"`, ``},
	{field("f", policy.Money), `"123456789012345678.55 KWD"`, ``},
	{field("f", policy.Money), `"1.00001 KWD"`, ``},
	{field("f", policy.Money), `"1250.00"`, ``},
	{field("f", policy.Money), `"1,250.00 AED"`, ``},
	{field("f", policy.Money), `"1250.00 aed"`, ``},
	{field("f", policy.Money), `"1250.00  AED"`, ``},
	{field("f", policy.Money), `"1250.00 AED "`, ``},
	{field("f", policy.Money), `"1e3 AED"`, ``},
	{field("f", policy.Money), `"+1 AED"`, ``},
	{field("f", policy.Money), `".5 AED"`, ``},
	{field("f", policy.Money), `"5. AED"`, ``},
	{field("f", policy.Money), `"05 AED"`, ``},
	{field("f", policy.Money), `"1_0 AED"`, ``},
	{field("f", policy.Money), `"NaN AED"`, ``},
	{field("f", policy.Money), `1250`, ``},

	{field("f", policy.Bool), `true`, `true`},
	{field("f", policy.Bool), ` false`, `false`},
	{field("f", policy.Bool), `"true"`, ``},
	{field("f", policy.Bool), `1`, ``},
	{field("f", policy.Bool), `TRUE`, ``},

	{field("f", policy.Email), `"Zaynab.Khan@Example.ORG"`, `"Zaynab.Khan@example.org"`},
	{field("f", policy.Email), `"z+tag@sub.example.org"`, `"z+tag@sub.example.org"`},
	{field("f", policy.Email), `"Zaynab <z@example.org>"`, ``},
	{field("f", policy.Email), `" z@example.org"`, ``},
	{field("f", policy.Email), `"z@example.org, y@example.org"`, ``},
	{field("f", policy.Email), `"z.example.org"`, ``},
	{field("f", policy.Email), `"@example.org"`, ``},
	{field("f", policy.Email), `"` + strings.Repeat("x", 250) + `@example.org"`, ``},

	{field("f", policy.Phone), `"+97140000000"`, `"+97140000000"`},
	{field("f", policy.Phone), `"97140000000"`, ``},
	{field("f", policy.Phone), `"+971 4 000 0000"`, ``},
	{field("f", policy.Phone), `"+0123456789"`, ``},
	{field("f", policy.Phone), `"+1234567890123456"`, ``},

	{field("f", policy.Enum, oneOf("red", "green")), `"red"`, `"red"`},
	{field("f", policy.Enum, oneOf("red", "green")), `"Red"`, ``},
	{field("f", policy.Enum, oneOf("red", "green")), `0`, ``},

	{field("f", policy.Blob), `"abc"`, ``},
	{field("f", policy.Blob), `{"id":"blob_1","key":"AA=="}`, ``},
	{field("f", policy.Type("new")), `"abc"`, ``},
}

func TestCanonical(t *testing.T) {
	for _, c := range canonicalValues {
		got, err := canonical(&c.field, json.RawMessage(c.raw))
		if c.want != "" {
			if err != nil || string(got) != c.want {
				t.Errorf("%s %.60s: got %s, %v; want %.60s", c.field.Type, c.raw, got, err, c.want)
			}
			continue
		}
		if !fault.Is(err, fault.Invalid) {
			t.Errorf("%s %.60s: got %s, %v; want it refused", c.field.Type, c.raw, got, err)
			continue
		}
		if f := err.(*fault.Error); f.Field != "fields.f" {
			t.Errorf("%s %.60s: the error names the field %q", c.field.Type, c.raw, f.Field)
		}
	}
}

// No error repeats a value that was refused.
func TestErrorsHoldNoValues(t *testing.T) {
	const canary = "zqcanaryqz"
	for _, typ := range []policy.Type{policy.Text, policy.Date, policy.Integer, policy.Money, policy.Bool, policy.Email, policy.Phone, policy.Enum, policy.Blob} {
		f := field("f", typ, upTo(5), oneOf("red"))
		for _, raw := range []string{canary, `"` + canary + `"`, `{"` + canary + `":1}`, `"` + canary} {
			_, err := canonical(&f, json.RawMessage(raw))
			if err == nil || strings.Contains(err.Error(), canary) {
				t.Errorf("%s: %v", typ, err)
			}
		}
	}
	w := sqliteWorld(t)
	sub := w.person()
	for _, f := range []Fields{
		{canary: json.RawMessage(`1`)}, {"first_name": json.RawMessage(canary), "email": json.RawMessage(`"z@example.org"`)},
		fields("first_name", canary, "email", canary), fields("first_name", strings.Repeat(canary, 20), "email", "z@example.org"),
	} {
		_, err := w.vault.Put(w.ctx, w.app, of(sub, "identity", ""), f, Condition{}, Idempotency{})
		if err == nil || strings.Contains(err.Error(), canary) {
			t.Errorf("%v", err)
		}
	}
	for _, target := range []Target{
		of(canary, "identity", single), of(sub, canary, single), of(sub, "identity", canary), of(sub, "identity", single).under(canary),
		{Tenant: canary, Subject: sub, DataSet: "identity", Record: single, Purpose: account},
		{Tenant: "acme", Subject: sub, DataSet: "identity", Record: single, Purpose: account, Recipient: canary},
		{Tenant: "acme", Subject: sub, DataSet: "identity", Record: single, Purpose: account, Fields: []string{canary}},
	} {
		_, err := w.vault.Get(w.ctx, w.app, target)
		if err == nil || strings.Contains(err.Error(), canary) {
			t.Errorf("%v", err)
		}
	}
}

func TestRequired(t *testing.T) {
	w := sqliteWorld(t)
	sub := w.person()
	for _, f := range []Fields{{}, fields("first_name", "Z"), fields("email", "z@example.org"), fields("first_name", nil, "email", "z@example.org")} {
		_, err := w.vault.Put(w.ctx, w.app, of(sub, "identity", ""), f, Condition{}, Idempotency{})
		want(t, err, fault.Invalid)
	}
	for _, f := range []Fields{transaction("1 AED"), fields("date", "2026-01-31", "amount", "1 AED", "direction", "income", "note", nil)} {
		w.put(of(sub, "transactions", ""), f) // a blob is never required: it comes after
	}
}

// The short way of a text that needs no escaping gives what the long one does.
func TestPlainTextsAreWhatMarshalMakes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.StringMatching(`[ -~]*`)).Draw(t, "text")
		want, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := appendJSONText(nil, text); string(got) != string(want) {
			t.Fatalf("got %s, want %s", got, want)
		}
		var back string
		if err := json.Unmarshal(want, &back); err != nil {
			t.Fatal(err)
		}
		if got, ok := jsonText(want); ok && got != back {
			t.Fatalf("got %q, want %q", got, back)
		}
	})
}
