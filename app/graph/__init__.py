"""How it is read: edges, connections, filters, loaders. It reads documents and knows records by name only."""
