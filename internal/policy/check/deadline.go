package check

func deadlineRules() []Rule { return nil }
