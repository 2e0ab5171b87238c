"""The HTTP interface: routes, queries, schemas, headers, problems, guards, pages."""
