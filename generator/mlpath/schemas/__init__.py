"""What `schema.yaml` says of data that a person brought: one module a domain.

Each has `document(findings, source, licence)`, the content of the file, and `turned(findings)`, the
answers that depend on the data.
"""
