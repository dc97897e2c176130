"""The audit log: one append-only log per infohus, RFC 6962 trees in C2SP formats, and the tools that check them."""
