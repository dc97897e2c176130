"""What looks at all cases: supervision, log checks, the yearly status, and what the plan promises."""
