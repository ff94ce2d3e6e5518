package httpapi

import (
	"strings"
	"testing"
)

const (
	asData  = "Authorization: Bearer " + dataKey
	asAdmin = "Authorization: Bearer " + adminKey
	asAudit = "Authorization: Bearer " + auditKey
	why     = "Clause-Purpose: health-score"
	isJSONl = "Content-Type: application/json"
	record  = "/v1/tenants/acme/subjects/sub_1/data/financial/rec_1"
	records = "/v1/tenants/acme/subjects/sub_1/data/financial"
	subject = "/v1/tenants/acme/subjects/sub_1"
	clocks  = "/v1/tenants/acme/clocks"

	requests = "/v1/tenants/acme/requests"

	token = "0123456789abcdef0123456789abcdef01234567" // of a mail
)

// scenario is one request and all that must and must not come of it.
type scenario struct {
	name         string
	method, path string
	header       []string
	body         string
	status       int
	call         string   // the one call into the domain; "" for none
	want         []string // in the body
	absent       []string // nowhere in the answer
	headers      []string // "Name: value" of the answer
}

func TestEndpoints(t *testing.T) {
	scenarios := []scenario{
		{name: "get", method: "GET", path: record, header: []string{asData, why, "Clause-Fields: income, debts", "Clause-Recipient: bank"}, status: 200,
			call: `Get app_data acme/sub_1/financial/rec_1 for health-score to "bank" fields [income debts]`,
			want: []string{`{"id":"rec_1","subject":"sub_1","data_set":"financial","version":3,"created":"2026-03-02T12:00:00Z","updated":"2026-03-02T12:00:01Z","fields":{"income":"12500.00 AED"}}`},
			headers: []string{`ETag: "3"`, "Clause-Rests-On: clesaro-purposes", "Content-Type: application/json", "Cache-Control: no-store",
				"X-Content-Type-Options: nosniff", "Strict-Transport-Security: max-age=31536000; includeSubDomains"}},
		{name: "create", method: "POST", path: records, header: []string{asData, why, isJSONl, "Idempotency-Key: k1"}, body: `{"fields":{"income":"1.00 AED"}}`, status: 201,
			call:    `Put app_data acme/sub_1/financial/ for health-score to "" fields [] {income="1.00 AED"} {false 0} "k1"`,
			want:    []string{`{"record":"rec_1","version":3}`},
			headers: []string{"Location: " + records + "/rec_1", `ETag: "3"`, "Clause-Rests-On: clesaro-purposes, clesaro-contract"}, absent: []string{"1.00 AED"}},
		{name: "put", method: "PUT", path: record, header: []string{asData, why, isJSONl + "; charset=UTF-8", `If-Match: "2"`}, body: ` { "fields" : { "income" : null , "n" : 12 } } `, status: 200,
			call: `Put app_data acme/sub_1/financial/rec_1 for health-score to "" fields [] {income=null n=12} {true 2} ""`, want: []string{`"version":3`}},
		{name: "put if absent", method: "PUT", path: record, header: []string{asData, why, isJSONl, "If-None-Match: *"}, body: `{"fields":{}}`, status: 200,
			call: `Put app_data acme/sub_1/financial/rec_1 for health-score to "" fields [] {} {true 0} ""`},
		{name: "patch", method: "PATCH", path: record, header: []string{asData, why, "Content-Type: application/merge-patch+json"}, body: `{"fields":{"income":null}}`, status: 200,
			call: `Patch app_data acme/sub_1/financial/rec_1 for health-score to "" fields [] {income=null} {false 0} ""`},
		{name: "delete", method: "DELETE", path: record, header: []string{asData, why, `If-Match: "7"`}, status: 204,
			call: `Delete app_data acme/sub_1/financial/rec_1 for health-score to "" fields [] {true 7}`},
		{name: "list", method: "GET", path: records + "?cursor=rec_0&limit=2", header: []string{asData, why}, status: 200,
			call: `List app_data acme/sub_1/financial/ for health-score to "" fields [] after "rec_0" limit 2`,
			want: []string{`{"records":[{"id":"rec_1"`, `},{"id":"rec_2"`, `],"next":"rec_2"}`}, headers: []string{"Clause-Rests-On: clesaro-purposes"}},
		{name: "put blob", method: "PUT", path: record + "/blobs/scan", header: []string{asData, why, "Content-Type: image/png"}, body: "0123456789", status: 200,
			call: `PutBlob app_data acme/sub_1/financial/rec_1 for health-score to "" fields [] scan image/png 10 bytes {false 0}`, want: []string{`"version":3`}},
		{name: "get blob", method: "GET", path: record + "/blobs/scan", header: []string{asData, why}, status: 200,
			call: `GetBlob app_data acme/sub_1/financial/rec_1 for health-score to "" fields [] scan`, want: []string{"<script>"},
			headers: []string{"Content-Type: text/html", "Content-Disposition: attachment", "Content-Length: 8", "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'; sandbox"}},
		{name: "find", method: "POST", path: "/v1/tenants/acme/find", header: []string{asData, why, isJSONl}, body: `{"data_set":"identity","field":"email","value":"zoe@example.com"}`, status: 200,
			call: `Find app_data acme//identity/ for health-score to "" fields [] where email is "zoe@example.com"`,
			want: []string{`{"records":[{"id":"rec_1"`}, absent: []string{"zoe@example.com", "next"}},
		{name: "batch", method: "POST", path: "/v1/tenants/acme/batch", header: []string{asData, why, isJSONl, "Idempotency-Key: k2"}, status: 200,
			body: `{"operations":[{"action":"put","subject":"sub_1","data_set":"financial","fields":{"income":"1.00 AED"}},{"action":"delete","subject":"sub_2","data_set":"financial","record":"rec_9","if_version":4}]}`,
			call: `Batch app_data acme health-score [put sub_1 financial  {income="1.00 AED"} {false 0}] [delete sub_2 financial rec_9 {} {true 4}] "k2"`,
			want: []string{`{"results":[{`}, absent: []string{"1.00 AED"}},
		{name: "aggregate", method: "POST", path: "/v1/tenants/acme/aggregates", header: []string{asData, why, isJSONl}, body: `{"data_set":"financial","statistic":"mean","field":"income","group_by":"status"}`, status: 200,
			call: `Aggregate app_data acme health-score financial mean "income" "status"`, want: []string{`{"people":12,"groups":[{"key":"paid","people":12,"value":"3.5"}],"suppressed":1}`}},
		{name: "create subject", method: "POST", path: "/v1/tenants/acme/subjects", header: []string{asData, "Idempotency-Key: k3"}, status: 201,
			call: `CreateSubject app_data acme "k3"`, want: []string{`{"id":"sub_1"}`}, headers: []string{"Location: " + subject}},
		{name: "erase subject", method: "DELETE", path: subject, header: []string{asData}, status: 204, call: "EraseSubject app_data acme sub_1"},
		{name: "standing", method: "GET", path: subject + "/standing", header: []string{asData}, status: 200,
			call: "Standing app_data acme sub_1", want: []string{`{"consents":["tips"],"objections":[],"restricted":false,"alias":"a1"}`}},
		{name: "consent", method: "PUT", path: subject + "/consents/tips", header: []string{asData, isJSONl}, body: `{"given":true}`, status: 204, call: "SetConsent app_data acme sub_1 tips true"},
		{name: "objection", method: "PUT", path: subject + "/objections/tips", header: []string{asData, isJSONl}, body: `{"objected":true}`, status: 204, call: "SetObjection app_data acme sub_1 tips true"},
		{name: "restriction", method: "PUT", path: subject + "/restriction", header: []string{asData, isJSONl}, body: `{"restricted":false}`, status: 204, call: "SetRestriction app_data acme sub_1 false"},
		{name: "recipients", method: "GET", path: "/v1/tenants/acme/recipients", header: []string{asData}, status: 200, call: "Recipients app_data acme",
			want: []string{`{"recipients":[{"id":"printer","name":"printer","allowed":true,"since":"2026-03-02T12:00:00Z","disclosures":[{"purpose":"tips","begins":"2026-03-02T12:00:00Z"},{"purpose":"scores"}]}]}`}},
		{name: "allow a recipient", method: "PUT", path: "/v1/tenants/acme/recipients/printer", header: []string{asData, isJSONl}, body: `{"allowed":true}`, status: 204, call: "AllowRecipient app_data acme printer true"},
		{name: "opt out", method: "PUT", path: subject + "/opt-outs/printer", header: []string{asData, isJSONl}, body: `{"opted_out":true}`, status: 204, call: "OptOut app_data acme sub_1 printer true"},
		{name: "electronic notice", method: "PUT", path: subject + "/electronic-notice", header: []string{asData, isJSONl}, body: `{"consented":true}`, status: 204, call: "SetElectronicNotice app_data acme sub_1 true"},
		{name: "ask for a letter", method: "POST", path: subject + "/written-notices", header: []string{asData, isJSONl}, body: `{"about":"inc_1"}`, status: 201, call: `Write app_data acme sub_1 "inc_1"`,
			want: []string{`{"id":"wn_1","about":"inc_1","asked":"2026-03-02T12:00:00Z","clocks":[{"id":"clk_1"`}},
		{name: "ask for the newest on paper", method: "POST", path: subject + "/written-notices", header: []string{asData, isJSONl}, body: `{}`, status: 201, call: `Write app_data acme sub_1 ""`},
		{name: "letters asked for", method: "GET", path: subject + "/written-notices", header: []string{asData}, status: 200, call: "WrittenOf app_data acme sub_1", want: []string{`{"notices":[{"id":"wn_1"`}},
		{name: "open clocks", method: "POST", path: clocks, header: []string{asData, isJSONl}, body: `{"clause":"clesaro-contact","about":"mail-1"}`, status: 201,
			call: "Open app_data acme clesaro-contact mail-1", want: []string{`{"clocks":[{"id":"clk_1","kind":"privacy-mail","clause":"clesaro-contact","about":"mail-1","state":"running","limit":"30 days","opened":"2026-03-02T12:00:00Z","due":"2026-04-01T12:00:00Z","discharge":"answer","near":false,"late":false}]}`}},
		{name: "open clocks about a person", method: "POST", path: clocks, header: []string{asData, isJSONl}, body: `{"clause":"clesaro-contact","about":"zoe@example.com"}`, status: 422, absent: []string{"zoe@"}},
		{name: "list clocks", method: "GET", path: clocks + "?cursor=1.clk_0&limit=7", header: []string{asData}, status: 200, call: `ListClocks app_data acme after "1.clk_0" limit 7`, want: []string{`"next":"1.clk_1"`}},
		{name: "get clock", method: "GET", path: clocks + "/clk_1", header: []string{asData}, status: 200, call: "GetClock app_data acme clk_1", want: []string{`{"id":"clk_1"`}},
		{name: "discharge", method: "POST", path: clocks + "/clk_1/discharge", header: []string{asData, isJSONl}, body: `{"kind":"answer","evidence":"mail-2"}`, status: 200,
			call: "Discharge app_data acme clk_1 by answer mail-2", want: []string{`"state":"done"`, `"evidence":"mail-2"`, `"ended":`}},
		{name: "pause", method: "POST", path: clocks + "/clk_1/pause", header: []string{asData, isJSONl}, body: `{"reason":"identity-check","limit":"14 days"}`, status: 200,
			call: "Pause app_data acme clk_1 identity-check 14 days", want: []string{`"state":"paused"`, `"pause_reason":"identity-check"`}},
		{name: "resume", method: "POST", path: clocks + "/clk_1/resume", header: []string{asData}, status: 200, call: "Resume app_data acme clk_1"},
		{name: "open request", method: "POST", path: requests, header: []string{asData, isJSONl}, body: `{"subject":"sub_1","right":"objection","purposes":["tips"],"language":"ar"}`, status: 201,
			call: `OpenRequest app_data acme sub_1 objection [tips] "ar"`, want: []string{`{"id":"req_1","subject":"sub_1","right":"access","state":"received","clauses":["clesaro-rights"],"opened":"2026-03-02T12:00:00Z","due":"2026-04-01T12:00:00Z","late":false,"clocks":[{"id":"clk_1"`},
			headers: []string{"Location: " + requests + "/req_1"}},
		{name: "open request of no right", method: "POST", path: requests, header: []string{asData, isJSONl}, body: `{"subject":"sub_1","right":"zoe@example.com"}`, status: 422, absent: []string{"zoe@"}},
		{name: "list requests", method: "GET", path: requests + "?state=open&cursor=req_0&limit=7", header: []string{asData}, status: 200, call: `ListRequests app_data acme "open" after "req_0" limit 7`, want: []string{`"next":"req_1"`}},
		{name: "get request", method: "GET", path: requests + "/req_1", header: []string{asData}, status: 200, call: "GetRequest app_data acme req_1", want: []string{`{"id":"req_1"`}},
		{name: "acknowledge", method: "POST", path: requests + "/req_1/acknowledge", header: []string{asData}, status: 200, call: "Acknowledge app_data acme req_1"},
		{name: "ask for identity", method: "POST", path: requests + "/req_1/identity", header: []string{asData, isJSONl}, body: `{"limit":"14 days"}`, status: 200, call: "AskIdentity app_data acme req_1 14 days"},
		{name: "prove identity", method: "POST", path: requests + "/req_1/identity", header: []string{asData, isJSONl}, body: `{"proven":true}`, status: 200, call: "ProveIdentity app_data acme req_1"},
		{name: "neither", method: "POST", path: requests + "/req_1/identity", header: []string{asData, isJSONl}, body: `{}`, status: 400},
		{name: "both", method: "POST", path: requests + "/req_1/identity", header: []string{asData, isJSONl}, body: `{"proven":true,"limit":"14 days"}`, status: 400},
		{name: "extend", method: "POST", path: requests + "/req_1/extend", header: []string{asData, isJSONl}, body: `{"reason":"complexity"}`, status: 200, call: "Extend app_data acme req_1 complexity"},
		{name: "refuse", method: "POST", path: requests + "/req_1/refuse", header: []string{asData, isJSONl}, body: `{"ground":"legal-claims"}`, status: 200, call: "Refuse app_data acme req_1 legal-claims"},
		{name: "withdraw", method: "POST", path: requests + "/req_1/withdraw", header: []string{asData}, status: 200, call: "Withdraw app_data acme req_1"},
		{name: "answer", method: "POST", path: requests + "/req_1/answer", header: []string{asData, isJSONl}, body: `{"corrections":[{"purpose":"account","data_set":"identity","record":"main","fields":{"name":"Zoe"}}]}`, status: 200,
			call: `Answer app_data acme req_1 [account identity main {name="Zoe"}]`, want: []string{`"link":"/download/acme.secret"`}, absent: []string{"Zoe"}},
		{name: "download", method: "GET", path: "/download/acme.secret", status: 404, call: "Download acme.secret", absent: []string{"acme.secret"}},
		{name: "look at a download", method: "HEAD", path: "/download/acme.secret", status: 200},
		{name: "download with a query", method: "GET", path: "/download/acme.secret?x=1", status: 404},
		{name: "void", method: "POST", path: clocks + "/clk_1/void", header: []string{asData, isJSONl}, body: `{"reason":"request-withdrawn"}`, status: 200,
			call: "Void app_data acme clk_1 request-withdrawn", want: []string{`"state":"void"`, `"evidence":"request-withdrawn"`}},
		{name: "list messages", method: "GET", path: subject + "/messages?language=ar&cursor=1.msg_0&limit=7", header: []string{asData}, status: 200,
			call: `Inbox app_data acme sub_1 in "ar" after "1.msg_0" limit 7`,
			want: []string{`{"messages":[{"id":"msg_1","kind":"request-received","about":"req_1:received","language":"en","title":"We have your request req_1","text":"Hello,\n","at":"2026-03-02T12:00:00Z"}],"next":"1.msg_1"}`}},
		{name: "list messages in no language", method: "GET", path: subject + "/messages?language=%3Cx%3E", header: []string{asData}, status: 400, absent: []string{"<x>"}},
		{name: "mark seen", method: "POST", path: subject + "/messages/msg_1/seen", header: []string{asData}, status: 200, call: "See app_data acme sub_1 msg_1", want: []string{`"seen":"2026-03-02T13:00:00Z"`}},
		{name: "list letters", method: "GET", path: "/v1/tenants/acme/letters", header: []string{asData}, status: 200, call: `Letters app_data acme after "" limit 50`,
			want: []string{`{"letters":[{"id":"msg_1","kind":"request-received","about":"req_1:received","state":"printed","at":"2026-03-02T13:00:00Z","file":"acme+msg_1.letter.html"},{"id":"msg_2","kind":"request-received","about":"req_1:received","state":"waiting","at":"2026-03-02T12:00:00Z"}]}`}},
		{name: "get letter", method: "GET", path: "/v1/tenants/acme/letters/msg_1", header: []string{asData}, status: 200, call: "LetterPage app_data acme msg_1", want: []string{`"html":"\u003c!doctype html\u003e"`},
			headers: []string{"Cache-Control: no-store"}},
		{name: "mark printed", method: "POST", path: "/v1/tenants/acme/letters/msg_1/printed", header: []string{asData}, status: 200, call: "MarkPrinted app_data acme msg_1", want: []string{`"state":"printed"`}},
		{name: "bounce", method: "POST", path: "/v1/bounces", header: []string{asData, isJSONl}, body: `{"message":"<` + token + `@acme.example>","status":"5.1.1"}`, status: 200,
			call: "Bounced app_data " + token + " 5.1.1 failed", want: []string{`{"noted":true}`}},
		{name: "bounce to an address of its own", method: "POST", path: "/v1/bounces", header: []string{asData, isJSONl}, body: `{"message":"bounces+` + strings.ToUpper(token) + `@acme.example","status":"4.4.7"}`, status: 200,
			call: "Bounced app_data " + token + " 4.4.7 failed"},
		{name: "bounce as it came", method: "POST", path: "/v1/bounces", header: []string{asData, isJSONl}, status: 200, call: "Bounced app_data " + token + " 5.2.2 failed", absent: []string{"zoe"},
			body: `{"report":"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\nTo: bounces+` + token + `@acme.example\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx\r\n\r\nFinal-Recipient: rfc822; zoe@example.com\r\nAction: failed\r\nStatus: 5.2.2\r\n\r\n--b--\r\n"}`},
		{name: "bounce of a mail that is no report", method: "POST", path: "/v1/bounces", header: []string{asData, isJSONl}, body: `{"report":"Subject: zoe is away\r\n\r\nzoe@example.com"}`, status: 400, absent: []string{"zoe"}},
		{name: "bounce of nothing of ours", method: "POST", path: "/v1/bounces", header: []string{asData, isJSONl}, body: `{"message":"<zoe@example.com>","status":"5.1.1"}`, status: 400, absent: []string{"zoe"}},
		{name: "bounce without a reason", method: "POST", path: "/v1/bounces", header: []string{asData, isJSONl}, body: `{"message":"<` + token + `@acme.example>"}`, status: 400},
		{name: "bounce for an unknown reason", method: "POST", path: "/v1/bounces", header: []string{asData, isJSONl}, body: `{"message":"<` + token + `@acme.example>","status":"zoe"}`, status: 422, absent: []string{"zoe"}},
		{name: "bounce of both sorts", method: "POST", path: "/v1/bounces", header: []string{asData, isJSONl}, body: `{"report":"x","message":"<` + token + `@acme.example>","status":"5.1.1"}`, status: 400},
		{name: "mark posted", method: "POST", path: "/v1/tenants/acme/letters/msg_1/posted", header: []string{asData}, status: 200, call: "Posted app_data acme msg_1", want: []string{`"state":"sent"`}, absent: []string{"file"}},
		{name: "announce", method: "POST", path: "/v1/policy-versions", header: []string{asAdmin, isJSONl}, body: `{"policy":"version: next","drill":true}`, status: 201,
			call: `Announce app_admin "version: next" true`, headers: []string{"Location: /v1/policy-versions/pv_1"},
			want: []string{`{"id":"pv_1","version":"next","policy_sha256":"ab12","state":"announced","effective":"2026-04-02","first":"2026-04-02","registered":"2026-03-02T12:00:00Z","changes":["Privacy requests go elsewhere."],"notices":[{"clause":"clesaro-change-notice","ahead":"30 days","channels":["email","in-app"]}]}`}},
		{name: "announce nothing", method: "POST", path: "/v1/policy-versions", header: []string{asAdmin, isJSONl}, body: `{"policy":""}`, status: 422},
		{name: "versions for any key", method: "GET", path: "/v1/policy-versions", header: []string{asData}, status: 200, call: "Versions", want: []string{`{"versions":[{"id":"pv_1"`}, absent: []string{"progress"}},
		{name: "version", method: "GET", path: "/v1/policy-versions/pv_1", header: []string{asAdmin}, status: 200, call: "Version app_admin pv_1",
			want: []string{`"progress":{"people":3,"unreached":1,"messages":[{"channel":"email","state":"sent","count":2}]}`}},
		{name: "withdraw", method: "DELETE", path: "/v1/policy-versions/pv_1", header: []string{asAdmin}, status: 204, call: "Withdraw app_admin pv_1"},
		{name: "create tenant", method: "POST", path: "/v1/tenants", header: []string{asAdmin, isJSONl}, body: `{"id":"acme","title":"Acme","region":"uae-north","environment":"production"}`, status: 201,
			call: `CreateTenant app_admin acme "Acme" uae-north production`, want: []string{`"id":"acme"`, `"state":"active"`}, headers: []string{"Location: /v1/tenants/acme"}},
		{name: "tenants", method: "GET", path: "/v1/tenants", header: []string{asAdmin}, status: 200, call: "Tenants app_admin", want: []string{`{"tenants":[{"id":"acme"`}},
		{name: "erase tenant", method: "DELETE", path: "/v1/tenants/acme", header: []string{asAdmin}, status: 204, call: "EraseTenant app_admin acme"},
		{name: "create application", method: "POST", path: "/v1/applications", header: []string{asAdmin, isJSONl}, status: 201,
			body: `{"title":"Budget","tenants":["acme"],"purposes":["health-score"],"scopes":["data"],"environment":"production","expires":"2027-01-01T00:00:00Z"}`,
			call: `Create app_admin "Budget" [acme] [health-score] [data] production`, want: []string{`"key":"` + newKey + `"`, `"expires":"2027-01-01T00:00:00Z"`}, absent: []string{adminKey, "revoked"}},
		{name: "applications", method: "GET", path: "/v1/applications", header: []string{asAdmin}, status: 200, call: "Applications",
			want: []string{`"id":"app_9"`, `"revoked":"2026-03-02T12:00:00Z"`, `"tenants":[]`}, absent: []string{"key", "hash", "expires"}},
		{name: "rotate a key", method: "POST", path: "/v1/applications/app_9/keys", header: []string{asAdmin, isJSONl}, body: `{"old_end":"2026-03-03T12:00:00Z"}`, status: 201,
			call: "Rotate app_admin app_9 old until 2026-03-03T12:00:00Z", want: []string{`{"application_key":{"id":"key_2","created":"2026-03-02T12:00:00Z"},"key":"` + newKey + `"}`}},
		{name: "rotate without an end", method: "POST", path: "/v1/applications/app_9/keys", header: []string{asAdmin, isJSONl}, body: `{}`, status: 422},
		{name: "keys", method: "GET", path: "/v1/applications/app_9/keys", header: []string{asAdmin}, status: 200, call: "Keys app_9",
			want: []string{`{"keys":[{"id":"app_9","expires":"2026-03-02T13:00:00Z","created":"2026-03-02T12:00:00Z"},{"id":"key_2","created"`}, absent: []string{"hash"}},
		{name: "end a key", method: "DELETE", path: "/v1/applications/app_9/keys/key_2", header: []string{asAdmin}, status: 204, call: "EndKey app_admin app_9 key_2"},
		{name: "data key rotates", method: "POST", path: "/v1/applications/app_9/keys", header: []string{asData, isJSONl}, body: `{}`, status: 403},
		{name: "data key lists keys", method: "GET", path: "/v1/applications/app_9/keys", header: []string{asData}, status: 403},
		{name: "data key ends a key", method: "DELETE", path: "/v1/applications/app_9/keys/key_2", header: []string{asData}, status: 403},
		{name: "revoke", method: "DELETE", path: "/v1/applications/app_9", header: []string{asAdmin}, status: 204, call: "Revoke app_admin app_9"},
		{name: "entries", method: "GET", path: "/v1/tenants/acme/entries?cursor=9&limit=3", header: []string{asAudit}, status: 200,
			call: `Page acme "" 9 3`, want: []string{`{"entries":[{"seq":7,"time":"2026-03-02T12:00:00Z","kind":"record.get","actor":"app_data","answer":"allow","clauses":["clesaro-purposes"]}],"next":"7"}`}},
		{name: "organisation's entries for admin", method: "GET", path: "/v1/tenants/_org/entries", header: []string{asAdmin}, status: 200, call: `Page _org "" 0 50`},
		{name: "evidence", method: "GET", path: "/v1/evidence", header: []string{asData}, status: 200, call: "Statuses", want: []string{`"clause":"clesaro-tls"`, `"state":"kept"`}},
		{name: "probes", method: "POST", path: "/v1/probes", header: []string{asAdmin}, status: 200, call: "Run app_admin", want: []string{`"outcome":"kept"`}},
		{name: "checkpoint", method: "GET", path: "/ledger/acme/checkpoint", status: 200, call: "Serve acme checkpoint", want: []string{"log of acme"}},
		{name: "ledger key", method: "GET", path: "/ledger/acme/key", status: 200, call: "Serve acme key"},
		{name: "hash tile", method: "GET", path: "/ledger/acme/tile/0/x001/234.p/7", status: 200, call: "Serve acme tile/0/x001/234.p/7"},
		{name: "entry tile", method: "GET", path: "/ledger/acme/tile/entries/000.p/7", header: []string{asAudit}, status: 200, call: "Serve acme tile/entries/000.p/7"},
		{name: "organisation's entry tile", method: "GET", path: "/ledger/_org/tile/entries/000", header: []string{asAdmin}, status: 200, call: "Serve _org tile/entries/000"},
		{name: "health", method: "GET", path: "/healthz", status: 200, want: []string{"ready"}},
		{name: "trust page", method: "GET", path: "/", status: 200, want: []string{"trust /"}},
		{name: "trust as JSON", method: "GET", path: "/trust.json", status: 200, want: []string{"trust /trust.json"}},
		{name: "head", method: "HEAD", path: record, header: []string{asData, why}, status: 200, call: `Get app_data acme/sub_1/financial/rec_1 for health-score to "" fields []`},

		{name: "data key reads applications", method: "GET", path: "/v1/applications", header: []string{asData}, status: 403, want: []string{"scope admin"}},
		{name: "data key makes applications", method: "POST", path: "/v1/applications", header: []string{asData, isJSONl}, body: `{}`, status: 403},
		{name: "data key revokes", method: "DELETE", path: "/v1/applications/app_9", header: []string{asData}, status: 403},
		{name: "data key runs probes", method: "POST", path: "/v1/probes", header: []string{asData}, status: 403},
		{name: "data key reads entries", method: "GET", path: "/v1/tenants/acme/entries", header: []string{asData}, status: 403},
		{name: "admin key reads a tenant's entries", method: "GET", path: "/v1/tenants/acme/entries", header: []string{asAdmin}, status: 403},
		{name: "auditor of another tenant", method: "GET", path: "/v1/tenants/other/entries", header: []string{asAudit}, status: 403},
		{name: "auditor of another environment", method: "GET", path: "/v1/tenants/acme/entries", header: []string{"Authorization: Bearer " + stagedKey}, status: 403},
		{name: "admin of another environment", method: "GET", path: "/v1/applications", header: []string{"Authorization: Bearer " + stagedKey}, status: 403},
		{name: "entry tile without a key", method: "GET", path: "/ledger/acme/tile/entries/000", status: 401},
		{name: "entry tile of another tenant", method: "GET", path: "/ledger/other/tile/entries/000", header: []string{asAudit}, status: 403},
		{name: "unknown tile without a key", method: "GET", path: "/ledger/acme/tile/x/000", status: 401},
		{name: "level beyond any", method: "GET", path: "/ledger/acme/tile/64/000", status: 401},
	}
	for _, sc := range scenarios {
		t.Run(sc.name, func(t *testing.T) { sc.run(t, set(t)) })
	}
}

func (sc *scenario) run(t *testing.T, s *setting) {
	s.blob = []byte("<script>")
	w := s.send(sc.method, sc.path, sc.body, sc.header...)
	if w.Code != sc.status {
		t.Fatalf("status %d, want %d: %s", w.Code, sc.status, w.Body)
	}
	if got := strings.Join(s.took(), "; "); got != sc.call {
		t.Errorf("the domain saw\n %s\nwant\n %s", got, sc.call)
	}
	for _, want := range sc.want {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("no %s in %s", want, w.Body)
		}
	}
	var whole strings.Builder
	if err := w.Result().Header.Write(&whole); err != nil {
		t.Fatal(err)
	}
	whole.WriteString(w.Body.String())
	for _, absent := range append(sc.absent, dataKey, auditKey, stagedKey, "vault.", "identity.", "httpapi.") {
		if strings.Contains(whole.String(), absent) {
			t.Errorf("%s in the answer %s", absent, whole.String())
		}
	}
	for _, want := range sc.headers {
		name, value, _ := strings.Cut(want, ": ")
		if got := w.Header().Get(name); got != value {
			t.Errorf("%s: %q, want %q", name, got, value)
		}
	}
	if sc.status >= 400 {
		problem(t, w)
	}
}
