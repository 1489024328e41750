"""What matters: the reports, each with the forms by which a person answers to it."""
