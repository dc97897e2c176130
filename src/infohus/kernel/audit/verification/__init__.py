"""Is a log whole? Trusts the public keys it is given, and hashes everything else anew."""
