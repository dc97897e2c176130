"""Is a log whole? Trusts entries and keys, and nothing that is written about them."""
