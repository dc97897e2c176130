"""What a log is made of: entries, Merkle trees, tiles, checkpoints, cosignatures. Knows no database.

Bytes in, bytes out, with two exceptions: `SigningKey` reads and makes its key file, `TileWriter` writes tiles to disk.
"""
