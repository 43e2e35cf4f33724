-- The function of 0002 says which trigger refused, so it serves these tables as well.
CREATE TRIGGER settings_are_never_changed BEFORE UPDATE ON settings
    FOR EACH ROW EXECUTE FUNCTION refuse_change_of_facts();
ALTER TABLE settings ENABLE ALWAYS TRIGGER settings_are_never_changed;

CREATE TRIGGER settings_are_never_deleted BEFORE DELETE ON settings
    FOR EACH ROW EXECUTE FUNCTION refuse_change_of_facts();
ALTER TABLE settings ENABLE ALWAYS TRIGGER settings_are_never_deleted;

CREATE TRIGGER settings_are_never_truncated BEFORE TRUNCATE ON settings
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_facts();
ALTER TABLE settings ENABLE ALWAYS TRIGGER settings_are_never_truncated;

CREATE TRIGGER audit_log_is_never_changed BEFORE UPDATE ON audit_log
    FOR EACH ROW EXECUTE FUNCTION refuse_change_of_facts();
ALTER TABLE audit_log ENABLE ALWAYS TRIGGER audit_log_is_never_changed;

CREATE TRIGGER audit_log_is_never_deleted BEFORE DELETE ON audit_log
    FOR EACH ROW EXECUTE FUNCTION refuse_change_of_facts();
ALTER TABLE audit_log ENABLE ALWAYS TRIGGER audit_log_is_never_deleted;

CREATE TRIGGER audit_log_is_never_truncated BEFORE TRUNCATE ON audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_facts();
ALTER TABLE audit_log ENABLE ALWAYS TRIGGER audit_log_is_never_truncated;
