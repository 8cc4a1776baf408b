-- PostgreSQL's image runs this once, as the user mlflow, when it creates the volume.
\getenv password APP_PASSWORD
CREATE ROLE app LOGIN PASSWORD :'password';
CREATE DATABASE app OWNER app;
-- The studies of `uv run search --storage`.
CREATE DATABASE search;
REVOKE CONNECT ON DATABASE mlflow, search FROM PUBLIC;
