"""How it is spoken: GraphQL over HTTP, limits, GraphiQL, health."""
