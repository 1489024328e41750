"""At the table: what the team does today, and the questions that only a person can answer."""
