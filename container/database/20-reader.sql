-- The role of confgend, which may only read. psql runs this in the database of compose.yml, behind office.sql.
\getenv password READER_PASSWORD
CREATE ROLE reader LOGIN PASSWORD :'password';
GRANT USAGE ON SCHEMA public TO reader;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader;
-- Tables that an upgrade of the telephone system adds.
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO reader;
