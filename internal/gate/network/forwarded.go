package network

import "strings"

// listed takes X-Forwarded-For apart.
func listed(lines []string) (chain []string) {
	for _, line := range lines {
		for hop := range strings.SplitSeq(line, ",") {
			chain = append(chain, strings.TrimSpace(hop))
		}
	}
	return chain
}

// forwarded takes Forwarded apart (RFC 7239): by whom each proxy was asked, "" where it does not say. It is false
// where a line does not follow the grammar: a client that opens a quote would swallow what the proxy adds.
func forwarded(lines []string) (chain []string, ok bool) {
	for _, line := range lines {
		for {
			hop, rest, ok := element(line)
			if !ok {
				return nil, false
			}
			chain = append(chain, hop)
			if rest == "" {
				break
			}
			line = rest[1:]
		}
	}
	return chain, true
}

// element reads up to the next comma: pairs, with semicolons between them.
func element(line string) (who, rest string, ok bool) {
	said := false
	for {
		name, after, found := strings.Cut(line, "=")
		if name = strings.TrimSpace(name); !found || !isToken(name) {
			return "", "", false
		}
		value, after, ok := valueOf(after)
		if !ok {
			return "", "", false
		}
		if strings.EqualFold(name, "for") {
			if said { // which of them is it?
				return "", "", false
			}
			who, said = value, true
		}
		if after == "" || after[0] == ',' {
			return who, after, true
		}
		line = after[1:] // a semicolon
	}
}

// valueOf reads a token, or a string in quotes, up to a comma, a semicolon or the end. Addresses of IPv6 have to be
// quoted, and some proxies do not.
func valueOf(text string) (value, rest string, ok bool) {
	if !strings.HasPrefix(text, `"`) {
		end := strings.IndexAny(text, ",;")
		if end < 0 {
			end = len(text)
		}
		value = strings.TrimSpace(text[:end])
		return value, text[end:], value != "" && !strings.ContainsAny(value, "\"\\= \t")
	}
	var b strings.Builder
	for i := 1; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\' && i+1 < len(text):
			i++
			b.WriteByte(text[i])
		case c == '"':
			rest = strings.TrimLeft(text[i+1:], " \t")
			return b.String(), rest, rest == "" || rest[0] == ',' || rest[0] == ';'
		default:
			b.WriteByte(c)
		}
	}
	return "", "", false
}

// isToken reports whether a name is one of HTTP (RFC 9110).
func isToken(s string) bool {
	for i := range len(s) {
		if c := s[i]; !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0) {
			return false
		}
	}
	return s != ""
}
