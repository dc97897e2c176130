"""The steps of a case, one folder a step, from the concern to the measures. No step imports another."""
