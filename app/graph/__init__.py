"""How it is read: declarations of edges, connections, filters, loaders and plans. It knows records by name only.

Each module imports only those before it: `declarations`, `page`, `read`, `record`, `registry`, `loaders`, `edges`,
`connection`, `many`, `nodes`, `search`, `roots`, then `plan`.
"""
