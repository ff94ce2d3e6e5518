package detection

// Remembered counts the sources and sessions of a door.
func (s *Scope) Remembered() int { return len(s.sources) + len(s.sessions) }

// Doors counts those of a watch.
func (w *Watch) Doors() int { return len(w.scopes) }
