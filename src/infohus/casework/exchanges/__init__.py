"""Videregivelse: an authority tells others what it holds, by retsplejeloven § 115. The record is the grant."""
