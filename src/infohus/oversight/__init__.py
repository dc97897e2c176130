"""What looks at all cases of an infohus: supervision, log checks, the yearly status, and the plan's obligations."""
