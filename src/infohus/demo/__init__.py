"""What only a demonstration needs: a local PostgreSQL, witnesses, identity providers, invented people and the story.

Only the commands `demo` and `token`, the tests and the benchmarks import it. A real installation brings its own.
"""
