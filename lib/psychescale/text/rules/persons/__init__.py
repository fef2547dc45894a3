"""Names of persons: in contexts, in fields of forms, and by what people do."""
