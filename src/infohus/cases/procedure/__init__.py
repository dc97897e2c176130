"""The procedure: at which stages an act is possible, which lock it takes on its case, and where it leads."""
