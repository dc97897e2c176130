"""The procedure: what is possible at which stage, how firmly an act holds its case, and where it leads."""
