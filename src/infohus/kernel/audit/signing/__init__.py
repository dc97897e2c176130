"""The signer: it signs what it has seen for itself, and looks for every entry that this process acknowledged."""
