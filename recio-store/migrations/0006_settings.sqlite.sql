CREATE TRIGGER settings_are_never_changed BEFORE UPDATE ON settings
BEGIN
    SELECT RAISE(ABORT, 'settings are never changed');
END;

CREATE TRIGGER settings_are_never_deleted BEFORE DELETE ON settings
BEGIN
    SELECT RAISE(ABORT, 'settings are never deleted');
END;

CREATE TRIGGER audit_log_is_never_changed BEFORE UPDATE ON audit_log
BEGIN
    SELECT RAISE(ABORT, 'audit log is never changed');
END;

CREATE TRIGGER audit_log_is_never_deleted BEFORE DELETE ON audit_log
BEGIN
    SELECT RAISE(ABORT, 'audit log is never deleted');
END;
