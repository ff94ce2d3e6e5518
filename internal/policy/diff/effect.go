package diff

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// opposite is the effect of the change back.
func opposite(e Effect) Effect {
	switch e {
	case Widens:
		return Narrows
	case Narrows:
		return Widens
	}
	return Neutral
}

// step is the effect of going from one rank to another, where more is the effect of going up.
func step[T cmp.Ordered](old, new T, more Effect) Effect {
	switch {
	case new > old:
		return more
	case new < old:
		return opposite(more)
	}
	return Neutral
}

// rank orders false before true.
func rank(b bool) int {
	if b {
		return 1
	}
	return 0
}

// gained is the effect of a text that comes, goes or changes, where more is that of one that comes.
func gained(old, new string, more Effect) Effect {
	return step(rank(old != ""), rank(new != ""), more)
}

// order is a scale: the place of a value on it, and 0 for one that is not on it.
func order[T comparable](value T, scale ...T) int { return slices.Index(scale, value) + 1 }

// without returns what of all is not in some.
func without(all, some []string) (rest []string) {
	have := make(map[string]bool, len(some))
	for _, s := range some {
		have[s] = true
	}
	for _, s := range all {
		if !have[s] {
			rest = append(rest, s)
		}
	}
	return rest
}

// list writes a list as a sentence does.
func list(all []string) string {
	if len(all) < 2 {
		return strings.Join(all, "")
	}
	return strings.Join(all[:len(all)-1], ", ") + " and " + all[len(all)-1]
}

// texts makes strings of a list of a type of string.
func texts[T ~string](all []T) []string {
	out := make([]string, len(all))
	for i, s := range all {
		out[i] = string(s)
	}
	return out
}

// room writes a size as policies do.
func room(n int) string {
	if n == 0 {
		return "what its type holds"
	}
	for _, unit := range []struct {
		of   int
		name string
	}{{1 << 30, "GiB"}, {1 << 20, "MiB"}, {1 << 10, "KiB"}} {
		if n%unit.of == 0 {
			return fmt.Sprintf("%d%s", n/unit.of, unit.name)
		}
	}
	return fmt.Sprintf("%dB", n)
}
