"""Write `schema.yaml` for the user's own data, one module per domain.

Each module has `build_schema(profile, source, license_name)`, which returns the content of the
file, `COMMENT`, the remarks above it, and `data_answers(profile)`, the answers that depend on data.
"""
