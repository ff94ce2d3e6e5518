package draft

import "strings"

// inline adds a line of Markdown to the block, without its marks.
func (l *lines) inline(s string, offset int) {
	from := 0
	put := func(to, resume int) {
		l.now.add(s[from:to], offset+from)
		from = resume
	}
	for i := 0; i < len(s); {
		switch c := s[i]; c {
		case '\\':
			if i+1 < len(s) && strings.IndexByte("\\`*_{}[]()#+-.!|<>~", s[i+1]) >= 0 {
				put(i, i+1)
				i++
			}
			i++
		case '*', '`', '~':
			put(i, i+1)
			i++
		case '_':
			if inWord(s, i) {
				i++
				break
			}
			put(i, i+1)
			i++
		case '!':
			if strings.HasPrefix(s[i:], "![") {
				put(i, i+1)
			}
			i++
		case '[':
			put(i, i+1)
			i++
		case ']':
			end := l.target(s, i)
			put(i, end)
			i = end
		case '<':
			end := tagEnd(s, i)
			put(i, end)
			i = end
		default:
			i++
		}
	}
	put(len(s), len(s))
}

// inWord reports an underscore within a word, as in _ga or snake_case, which marks nothing.
func inWord(s string, i int) bool {
	before := i > 0 && s[i-1] != ' ' && s[i-1] != '*' && s[i-1] != '('
	after := i+1 < len(s) && s[i+1] != ' ' && strings.IndexByte(".,;:!?)*", s[i+1]) < 0
	if before && after {
		return true
	}
	// "_ga |" opens no emphasis: no other underscore closes it.
	return after && !before && strings.IndexByte(s[i+1:min(len(s), i+300)], '_') < 0
}

// target returns where "](url)" at i ends, and keeps the link.
func (l *lines) target(s string, i int) int {
	if i+1 >= len(s) || s[i+1] != '(' {
		return i + 1
	}
	end := strings.IndexByte(s[i:min(len(s), i+2000)], ')')
	if end < 0 {
		return i + 1
	}
	url, _, _ := strings.Cut(strings.TrimSpace(s[i+2:i+end]), " ")
	if open := strings.LastIndexByte(s[max(0, i-300):i], '['); open >= 0 && len(l.doc.links) < 1000 {
		l.doc.links = append(l.doc.links, link{s[max(0, i-300)+open+1 : i], url})
	}
	return i + end + 1
}

// tagEnd returns where a tag or an address in brackets that begins at i is over, and what of it is
// left out: the whole of a tag, the bracket of an address.
func tagEnd(s string, i int) int {
	end := strings.IndexByte(s[i:min(len(s), i+500)], '>')
	if end < 2 || strings.ContainsAny(s[i+1:i+end], "@") || strings.HasPrefix(s[i+1:], "http") {
		return i + 1
	}
	if c := s[i+1]; c == '/' || c == '!' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' {
		return i + end + 1
	}
	return i + 1
}
