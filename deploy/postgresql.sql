-- Two roles and a database. As an administrator of the server: psql -f deploy/postgresql.sql
-- then \password portal_owner, and \password portal unless it comes in by peer (docs/operations.md).
--
-- portal_owner owns the tables and is used by the migrations alone (OWNER_DATABASE_URL).
-- portal is what the running portal signs in as (DATABASE_URL): it owns nothing here. Each run of the migrations
-- grants it the rows, never the tables. CREATEDB is for the weekly drill, which restores the newest backup into
-- a database that is thrown away; without it the drill only reads the backup to its end.
CREATE ROLE portal_owner LOGIN NOSUPERUSER NOCREATEROLE NOBYPASSRLS;
CREATE ROLE portal LOGIN NOSUPERUSER CREATEDB NOCREATEROLE NOBYPASSRLS;
CREATE DATABASE portal OWNER portal_owner ENCODING 'UTF8' TEMPLATE template0;
REVOKE ALL ON DATABASE portal FROM PUBLIC;
GRANT CONNECT ON DATABASE portal TO portal;
