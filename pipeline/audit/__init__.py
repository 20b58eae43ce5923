"""Looking back: one record's way, the database over all, two versions side by side."""
