-- Facts cannot be changed or deleted. Triggers are where the dialects differ: this is SQLite's form, and the only migration that is not
-- the same on PostgreSQL (there: one function that raises, and a trigger for UPDATE, DELETE and TRUNCATE).
CREATE TRIGGER facts_are_never_changed BEFORE UPDATE ON facts
BEGIN
    SELECT RAISE(ABORT, 'facts are never changed');
END;

CREATE TRIGGER facts_are_never_deleted BEFORE DELETE ON facts
BEGIN
    SELECT RAISE(ABORT, 'facts are never deleted');
END;
