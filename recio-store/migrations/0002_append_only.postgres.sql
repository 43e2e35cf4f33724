-- Facts cannot be changed or deleted. Triggers are where the dialects differ: this is PostgreSQL's form.
--
-- ENABLE ALWAYS: they fire in replication sessions too, which skip ordinary triggers.
CREATE FUNCTION refuse_change_of_facts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%', replace(TG_NAME, '_', ' ');
END
$$;

CREATE TRIGGER facts_are_never_changed BEFORE UPDATE ON facts
    FOR EACH ROW EXECUTE FUNCTION refuse_change_of_facts();
ALTER TABLE facts ENABLE ALWAYS TRIGGER facts_are_never_changed;

CREATE TRIGGER facts_are_never_deleted BEFORE DELETE ON facts
    FOR EACH ROW EXECUTE FUNCTION refuse_change_of_facts();
ALTER TABLE facts ENABLE ALWAYS TRIGGER facts_are_never_deleted;

CREATE TRIGGER facts_are_never_truncated BEFORE TRUNCATE ON facts
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_facts();
ALTER TABLE facts ENABLE ALWAYS TRIGGER facts_are_never_truncated;
