"""What there is: one module per record. The stored document is the GraphQL type."""
