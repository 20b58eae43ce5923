"""The stages of a question's way, in order:

1. ingest: files of every source -> one row a record, verbatim
2. normalize: record -> parsed, repaired, validated question, or a rejection with reason codes
3. deduplicate: MinHash candidates, MCQ-aware verification -> pairs, clusters, split groups
4. assess: named quality signals, one score
5. select: representatives; drops duplicates, conflicts, contaminated and weak questions, each with its reason
6. split: seeded, by group, into train / validation / test
7. ledger: one row per raw record, whatever became of it
8. publish: a dataset version, all or nothing
9. render: the base model's chat template, one prompt for training and evaluation
10. training: VRAM plan, then QLoRA in a child process
11. evaluation: base against adapter on the same questions, paired tests
12. audit: one SQLite file for browsing
13. report: one page on a published version, for whoever leads the data work
"""
