"""Where it lives: the client, the embedded server, indexes, migrations, transactions. Nothing here knows a record."""
