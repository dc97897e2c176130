"""What a log is made of: entries, Merkle trees, tiles, checkpoints, cosignatures. Pure: bytes in, bytes out."""
