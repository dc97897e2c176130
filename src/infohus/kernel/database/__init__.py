"""The database: the root of every table, statements that SQLAlchemy builds and asyncpg runs, the pool, the schema."""
