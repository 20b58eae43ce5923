"""What reviewers look at and what they say of it: queues of records to decide on, and decisions made in a terminal or a spreadsheet."""
