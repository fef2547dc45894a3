"""The grammar: clauses, slots and layouts of posts, notes and answers."""
