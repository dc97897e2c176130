"""The database: the base class of every table, statements that SQLAlchemy builds and asyncpg runs, pool, migrations."""
