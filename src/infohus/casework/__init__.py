"""The steps of a case, one folder for each, from the concern to the measures. No step imports another."""
