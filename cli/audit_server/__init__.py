"""The web server of `mcq audit`: Datasette, and on top of it a page a record, lists, search and the form of a decision.

`server` puts it together; `routes` says which address is answered by which module; `loopback` and `headers` guard every answer.
"""
