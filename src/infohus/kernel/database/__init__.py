"""The database: the root of every table, statements that SQLAlchemy builds and asyncpg runs, and the pool."""
