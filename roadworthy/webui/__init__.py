"""What every page and JSON endpoint shares: errors as problem+json, the signed-in actor, templates, static files."""
