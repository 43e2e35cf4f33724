-- What was asked, and what was answered, is never changed or deleted. SQLite's form.
CREATE TRIGGER commands_keep_what_was_said BEFORE UPDATE ON commands
WHEN OLD.answered_time_us IS NOT NULL OR NEW.number <> OLD.number OR NEW.command_key <> OLD.command_key OR NEW.kind <> OLD.kind
  OR NEW.body <> OLD.body OR NEW.asked_by <> OLD.asked_by OR NEW.asked_time_us <> OLD.asked_time_us
  OR NEW.valid_until_us <> OLD.valid_until_us OR (OLD.status = 'taken' AND NEW.status = 'waiting')
BEGIN
    SELECT RAISE(ABORT, 'commands keep what was said');
END;

CREATE TRIGGER commands_are_never_deleted BEFORE DELETE ON commands
BEGIN
    SELECT RAISE(ABORT, 'commands are never deleted');
END;
