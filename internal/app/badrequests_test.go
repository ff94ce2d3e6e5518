package app_test

import (
	"slices"
	"strings"
)

// badRequests are requests that a server has to refuse, of applications that may do much.
func badRequests() []request {
	return slices.Concat(badValues(), badOperations(), badStandings(), badCallers())
}

const (
	amal  = "/v1/tenants/acme/subjects/$acme-person"
	main  = amal + "/data/identity/main"
	spent = amal + "/data/transactions"
	rent  = spent + "/$acme-rent"
)

// whyOf is the header that names a purpose.
func whyOf(purpose string, more ...string) map[string]string {
	h := map[string]string{"Clause-Purpose": purpose}
	for i := 0; i+1 < len(more); i += 2 {
		h[more[i]] = more[i+1]
	}
	return h
}

// badValues write what the policy's types do not hold.
func badValues() (all []request) {
	const begin = `{"fields":{"date":"2026-03-01","direction":"expense","category":"housing","merchant":"x","amount":`
	for name, body := range map[string]string{
		"money as a number":         begin + `12.5}}`,
		"money of no currency":      begin + `"12.50"}}`,
		"money of a false currency": begin + `"12.50 $secret"}}`,
		"money too large":           begin + `"` + strings.Repeat("9", 60) + `.00 AED"}}`,
		"money in hexadecimal":      begin + `"0x10 AED"}}`,
		"money that is none":        begin + `"NaN AED"}}`,
		"an object for money":       begin + `{"$secret":1}}}`,
		"a list for money":          begin + `["$secret"]}}`,
		"true for money":            begin + `true}}`,
		"null for what is required": begin + `null}}`,
		"text too long":             `{"fields":{"date":"2026-03-01","amount":"1.00 AED","direction":"expense","category":"housing","merchant":"` + strings.Repeat("$secret", 100) + `"}}`,
		"a day that never was":      `{"fields":{"date":"2026-02-30","amount":"1.00 AED","direction":"expense","category":"housing","merchant":"x"}}`,
		"a time for a day":          `{"fields":{"date":"2026-03-01T00:00:00Z","amount":"1.00 AED","direction":"expense","category":"housing","merchant":"x"}}`,
		"a value not of the enum":   `{"fields":{"date":"2026-03-01","amount":"1.00 AED","direction":"$secret","category":"housing","merchant":"x"}}`,
		"a blob as a value":         `{"fields":{"date":"2026-03-01","amount":"1.00 AED","direction":"expense","category":"housing","merchant":"x","receipt":"$secret"}}`,
		"nothing of what it needs":  `{"fields":{}}`,
	} {
		all = append(all, request{name, "acme", "POST", spent, whyOf("budgeting"), body, 400})
	}
	for name, body := range map[string]string{
		"a huge number":      begin + `1e999999}}`,
		"a number too long":  begin + strings.Repeat("1", 5000) + `}}`,
		"invalid UTF-8":      begin + "\"\xff\xfe$secret\"}}",
		"a lone surrogate":   begin + `"\ud800"}}`,
		"a NUL":              begin + `"\u0000"}}`,
		"one field twice":    begin + `"1.00 AED","amount":"2.00 AED"}}`,
		"nested deeply":      begin + strings.Repeat(`[`, 5000) + strings.Repeat(`]`, 5000) + `}}`,
		"broken off":         begin + `"$secret`,
		"more than one":      begin + `"1.00 AED"}} {}`,
		"no JSON":            "$secret",
		"an unclosed string": `"$secret`,
	} {
		all = append(all, request{name, "acme", "POST", spent, whyOf("budgeting"), body, 400})
	}
	all = append(all,
		request{"an unknown field", "acme", "POST", spent, whyOf("budgeting"), begin + `"1.00 AED","religion":"$secret"}}`, 403},
		request{"a field named like a path", "acme", "POST", spent, whyOf("budgeting"), begin + `"1.00 AED","amount/../$secret":"1"}}`, 403},
		request{"a list", "acme", "POST", spent, whyOf("budgeting"), `["$secret"]`, 422},
		request{"a member too many", "acme", "POST", spent, whyOf("budgeting"), `{"fields":{},"$secret":1}`, 422},
		request{"a body of 4 MiB", "acme", "POST", spent, whyOf("budgeting"), `{"fields":{"merchant":"` + strings.Repeat("x", 4<<20) + `"}}`, 413},
		request{"an email that is none", "acme", "PATCH", main, whyOf("account"), `{"fields":{"email":"$secret"}}`, 400},
		request{"an email with a line's end", "acme", "PATCH", main, whyOf("account"), `{"fields":{"email":"a@b.example\nBcc: $secret"}}`, 400},
		request{"null for the email", "acme", "PATCH", main, whyOf("account"), `{"fields":{"email":null}}`, 400},
		request{"a fraction for an integer", "acme", "POST", amal + "/data/health_score", whyOf("health-score"), `{"fields":{"score":1.5,"confidence":"low","at":"2026-03-01"}}`, 400},
		request{"an integer too large", "acme", "POST", amal + "/data/health_score", whyOf("health-score"), `{"fields":{"score":9223372036854775808,"confidence":"low","at":"2026-03-01"}}`, 400},
		request{"text for an integer", "acme", "POST", amal + "/data/health_score", whyOf("health-score"), `{"fields":{"score":"$secret","confidence":"low","at":"2026-03-01"}}`, 400},
	)
	return all
}

// badOperations ask for what there is not, or for the impossible.
func badOperations() []request {
	const find, batch, aggregates = "/v1/tenants/acme/find", "/v1/tenants/acme/batch", "/v1/tenants/acme/aggregates"
	return []request{
		{"a data set that is not declared", "acme", "POST", amal + "/data/health", whyOf("account"), `{"fields":{"x":"$secret"}}`, 403},
		{"a record that is not there", "acme", "GET", spent + "/rec_00000000000000000000000000", whyOf("budgeting"), "", 404},
		{"a record of a made-up id", "acme", "GET", spent + "/$secret", whyOf("budgeting"), "", 404},
		{"a second record of what there is one of", "acme", "POST", amal + "/data/identity", whyOf("account"), `{"fields":{"first_name":"B","email":"b@acme.example"}}`, 409},
		{"another version", "acme", "PATCH", rent, whyOf("budgeting", "If-Match", `"7"`), `{"fields":{"merchant":"y"}}`, 412},
		{"a version of what is not there", "acme", "DELETE", rent, whyOf("budgeting", "If-Match", `"9223372036854775807"`), "", 412},
		{"only if it is new", "acme", "PUT", main, whyOf("account", "If-None-Match", "*"), `{"fields":{"first_name":"B","email":"b@acme.example"}}`, 412},
		{"an idempotency key used before", "acme", "POST", spent, whyOf("budgeting", "Idempotency-Key", "rent"), `{"fields":{"date":"2026-03-02","amount":"1.00 AED","direction":"expense","category":"housing","merchant":"x"}}`, 409},
		{"a field that nothing is found by", "acme", "POST", find, whyOf("account"), `{"data_set":"identity","field":"first_name","value":"$secret"}`, 400},
		{"found by what is not declared", "acme", "POST", find, whyOf("account"), `{"data_set":"identity","field":"$secret","value":"$secret"}`, 403},
		{"a batch that fails at its end", "acme", "POST", batch, whyOf("budgeting"), `{"operations":[{"action":"patch","subject":"$acme-person","data_set":"transactions","record":"$acme-rent","fields":{"merchant":"y"}},{"action":"delete","subject":"$acme-person","data_set":"transactions","record":"$acme-rent","if_version":77}]}`, 412},
		{"a batch with another tenant's person", "acme", "POST", batch, whyOf("budgeting"), `{"operations":[{"action":"delete","subject":"$acme-person","data_set":"transactions","record":"$acme-rent"},{"action":"delete","subject":"$globex-person","data_set":"transactions","record":"$globex-rent"}]}`, 404},
		{"a statistic for a purpose that may make none", "acme", "POST", aggregates, whyOf("account"), `{"data_set":"identity","statistic":"count"}`, 403},
		{"a mean of text", "acme", "POST", aggregates, whyOf("budgeting"), `{"data_set":"transactions","statistic":"mean","field":"merchant"}`, 400},
		{"a blob into text", "acme", "PUT", rent + "/blobs/merchant", whyOf("budgeting", "Content-Type", "image/png"), "$secret", 400},
		{"a blob too large", "acme", "PUT", rent + "/blobs/receipt", whyOf("budgeting", "Content-Type", "image/png"), strings.Repeat("x", 10<<20+1), 413},
		{"a blob that is not there", "acme", "GET", rent + "/blobs/receipt", whyOf("budgeting"), "", 404},
		{"a cursor made up", "acme", "GET", spent + "?cursor=$secret", whyOf("budgeting"), "", 400},
		{"a field that is not declared", "acme", "GET", main, whyOf("account", "Clause-Fields", "first_name,passport"), "", 403},
		{"a recipient", "acme", "GET", main, whyOf("account", "Clause-Recipient", "broker"), "", 403},
		{"a purpose that may not write", "acme", "PUT", main, whyOf("insights"), `{"fields":{"first_name":"B","email":"b@acme.example"}}`, 403},
		{"a purpose that may not see it", "acme", "GET", main, whyOf("budgeting"), "", 403},
		{"a purpose that is not declared", "acme", "GET", main, whyOf("marketing"), "", 403},
		{"a tenant of a bad name", "admin", "POST", "/v1/tenants", nil, `{"id":"Acme!","title":"$secret","region":"uae-north","environment":"production"}`, 422},
		{"a tenant that is there", "admin", "POST", "/v1/tenants", nil, `{"id":"acme","title":"$secret","region":"uae-north","environment":"production"}`, 409},
		{"a region that is not declared", "admin", "POST", "/v1/tenants", nil, `{"id":"initech","title":"$secret","region":"mars","environment":"production"}`, 403},
		{"an application for an unknown purpose", "admin", "POST", "/v1/applications", nil, `{"title":"$secret","tenants":["acme"],"purposes":["$secret"],"scopes":["data"],"environment":"production"}`, 400},
		{"an application of an unknown environment", "admin", "POST", "/v1/applications", nil, `{"title":"$secret","tenants":["acme"],"scopes":["data"],"environment":"$secret"}`, 400},
		{"an application that has ended", "admin", "POST", "/v1/applications", nil, `{"title":"$secret","tenants":["acme"],"scopes":["data"],"environment":"production","expires":"2001-01-01T00:00:00Z"}`, 400},
		{"an application that is not there", "admin", "DELETE", "/v1/applications/$secret", nil, "", 404},
		{"a tenant that is not there", "admin", "DELETE", "/v1/tenants/initech", nil, "", 404},
	}
}

// badStandings change what people allow in ways that mean nothing.
func badStandings() []request {
	return []request{
		{"consent to what is not declared", "acme", "PUT", amal + "/consents/marketing", nil, `{"given":true}`, 404},
		{"consent to a contract", "acme", "PUT", amal + "/consents/account", nil, `{"given":true}`, 400},
		{"consent that says nothing", "acme", "PUT", amal + "/consents/insights", nil, `{}`, 422},
		{"consent as text", "acme", "PUT", amal + "/consents/insights", nil, `{"given":"$secret"}`, 422},
		{"an objection to a contract", "acme", "PUT", amal + "/objections/account", nil, `{"objected":true}`, 400},
		{"a restriction as a number", "acme", "PUT", amal + "/restriction", nil, `{"restricted":1}`, 422},
		{"consent of nobody", "acme", "PUT", "/v1/tenants/acme/subjects/$secret/consents/insights", nil, `{"given":true}`, 404},
		{"erasing nobody", "acme", "DELETE", "/v1/tenants/acme/subjects/$secret", nil, "", 404},
		{"erasing who is erased", "acme", "DELETE", "/v1/tenants/acme/subjects/$gone", nil, "", 404},
		{"reading who is erased", "acme", "GET", "/v1/tenants/acme/subjects/$gone/data/identity/main", whyOf("account"), "", 404},
		{"writing to who is erased", "acme", "PUT", "/v1/tenants/acme/subjects/$gone/data/identity/main", whyOf("account"), `{"fields":{"first_name":"$secret","email":"c@acme.example"}}`, 404},
		{"consent of who is erased", "acme", "PUT", "/v1/tenants/acme/subjects/$gone/consents/insights", nil, `{"given":true}`, 404},
	}
}

// badCallers are those who may not.
func badCallers() (all []request) {
	for _, key := range []string{"", "expired", "revoked"} {
		for _, r := range []request{
			{method: "GET", path: main, header: whyOf("account")},
			{method: "DELETE", path: amal},
			{method: "GET", path: "/v1/applications"},
		} {
			r.name, r.key, r.status = "a credential: "+key+" "+r.method, key, 401
			all = append(all, r)
		}
	}
	for key, paths := range map[string][]string{
		"globex": {main, rent, amal + "/standing", "/v1/tenants/acme/entries", "/v1/tenants/initech/subjects/$acme-person/standing"},
		"test":   {main, amal + "/standing"},
		"audit":  {main, amal + "/standing", "/v1/tenants/globex/entries", "/v1/applications", "/ledger/globex/tile/entries/000.p/1"},
		"acme":   {"/v1/tenants/acme/entries", "/v1/tenants", "/v1/applications", "/ledger/acme/tile/entries/000.p/1"},
		"admin":  {main, amal + "/standing", "/v1/tenants/acme/entries"},
	} {
		for _, path := range paths {
			all = append(all, request{name: key + " reads " + path, key: key, method: "GET", path: path, header: whyFor(path), status: 403})
		}
	}
	return append(all,
		request{"another tenant's person by the own tenant", "globex", "GET", "/v1/tenants/globex/subjects/$acme-person/data/identity/main", whyOf("account"), "", 404},
		request{"another person's record", "globex", "GET", "/v1/tenants/globex/subjects/$globex-person/data/transactions/$acme-rent", whyOf("budgeting"), "", 404},
		request{"another tenant's person erased", "globex", "DELETE", amal, nil, "", 403},
		request{"another tenant's person erased by the own tenant", "globex", "DELETE", "/v1/tenants/globex/subjects/$acme-person", nil, "", 404},
		request{"another tenant's batch", "globex", "POST", "/v1/tenants/acme/batch", whyOf("budgeting"), `{"operations":[{"action":"delete","subject":"$acme-person","data_set":"transactions","record":"$acme-rent"}]}`, 403},
		request{"another tenant's email", "globex", "POST", "/v1/tenants/acme/find", whyOf("account"), `{"data_set":"identity","field":"email","value":"amal@acme.example"}`, 403},
		request{"a purpose that is not held", "security alone", "GET", main, whyOf("account"), "", 403},
		request{"a purpose that is not held, to write", "security alone", "DELETE", rent, whyOf("budgeting"), "", 403},
		request{"a tenant without the scope", "acme", "POST", "/v1/tenants", nil, `{"id":"initech","title":"$secret","region":"uae-north","environment":"production"}`, 403},
		request{"the own tenant erased", "acme", "DELETE", "/v1/tenants/acme", nil, "", 403},
		request{"an application without the scope", "acme", "POST", "/v1/applications", nil, `{"title":"$secret","scopes":["admin"],"environment":"production"}`, 403},
		request{"probes without the scope", "acme", "POST", "/v1/probes", nil, "", 403},
	)
}

// whyFor names the purpose that the address needs one for.
func whyFor(path string) map[string]string {
	switch {
	case strings.Contains(path, "/data/identity"):
		return whyOf("account")
	case strings.Contains(path, "/data/"):
		return whyOf("budgeting")
	}
	return nil
}
