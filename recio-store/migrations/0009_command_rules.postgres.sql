-- What was asked, and what was answered, is never changed or deleted. PostgreSQL's form.
CREATE FUNCTION refuse_change_of_commands() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%', replace(TG_NAME, '_', ' ');
END
$$;

CREATE TRIGGER commands_keep_what_was_said BEFORE UPDATE ON commands
    FOR EACH ROW
    WHEN (OLD.answered_time_us IS NOT NULL OR NEW.number <> OLD.number OR NEW.command_key <> OLD.command_key OR NEW.kind <> OLD.kind
       OR NEW.body <> OLD.body OR NEW.asked_by <> OLD.asked_by OR NEW.asked_time_us <> OLD.asked_time_us
       OR NEW.valid_until_us <> OLD.valid_until_us OR (OLD.status = 'taken' AND NEW.status = 'waiting'))
    EXECUTE FUNCTION refuse_change_of_commands();
ALTER TABLE commands ENABLE ALWAYS TRIGGER commands_keep_what_was_said;

CREATE TRIGGER commands_are_never_deleted BEFORE DELETE ON commands
    FOR EACH ROW EXECUTE FUNCTION refuse_change_of_commands();
ALTER TABLE commands ENABLE ALWAYS TRIGGER commands_are_never_deleted;

CREATE TRIGGER commands_are_never_truncated BEFORE TRUNCATE ON commands
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_commands();
ALTER TABLE commands ENABLE ALWAYS TRIGGER commands_are_never_truncated;

-- Whoever listens is told at the commit. Without a payload, so that the many statements of one transaction are one notification: what there is
-- to read, the sequence tells.
CREATE FUNCTION tell_of_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('recio_' || TG_TABLE_NAME, '');
    RETURN NULL;
END
$$;

CREATE TRIGGER facts_are_told AFTER INSERT ON facts
    FOR EACH STATEMENT EXECUTE FUNCTION tell_of_changes();
ALTER TABLE facts ENABLE ALWAYS TRIGGER facts_are_told;

CREATE TRIGGER commands_are_told AFTER INSERT OR UPDATE ON commands
    FOR EACH STATEMENT EXECUTE FUNCTION tell_of_changes();
ALTER TABLE commands ENABLE ALWAYS TRIGGER commands_are_told;

CREATE TRIGGER settings_are_told AFTER INSERT ON settings
    FOR EACH STATEMENT EXECUTE FUNCTION tell_of_changes();
ALTER TABLE settings ENABLE ALWAYS TRIGGER settings_are_told;
