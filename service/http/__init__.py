"""What HTTP knows: routes, schemas, headers, problems, guards, pages."""
