// Apollo Server with dataloader: `node apollo.mjs <port>`.
import { readFileSync } from "node:fs";
import { ApolloServer } from "@apollo/server";
import { startStandaloneServer } from "@apollo/server/standalone";
import DataLoader from "dataloader";
import { GraphQLScalarType } from "graphql";
import { byIds, children, instant, page, statements } from "./reads.mjs";

const typeDefs = readFileSync(new URL("schema.graphql", import.meta.url), "utf8");

/** The loaders of one request; a list has one for each size of its pages. */
class Loaders {
  organization = new DataLoader((ids) => byIds("organizations", ids));
  subscriber = new DataLoader((ids) => byIds("subscribers", ids));
  statement = new DataLoader(statements);
  lists = new Map();

  list(collection, by, order, first) {
    const key = `${collection} ${by} ${first}`;
    if (!this.lists.has(key)) {
      this.lists.set(key, new DataLoader((ids) => children(collection, by, order, ids, first)));
    }
    return this.lists.get(key);
  }
}

const resolvers = {
  DateTime: new GraphQLScalarType({ name: "DateTime", serialize: instant }),
  Query: {
    organization: (_, { by }, { loaders }) => loaders.organization.load(by.id),
    organizations: (_, { first, after }) => page("organizations", first, after),
    credentials: (_, { first, after }) => page("credentials", first, after),
  },
  Organization: {
    parent: ({ parentId }, _, { loaders }) => (parentId ? loaders.organization.load(parentId) : null),
    subscribers: ({ id }, { first }, { loaders }) =>
      loaders.list("subscribers", "organizationId", "emailKey", first).load(id),
    statement: (organization, _, { loaders }) => loaders.statement.load(organization),
  },
  Subscriber: {
    organization: ({ organizationId }, _, { loaders }) => loaders.organization.load(organizationId),
    credentials: ({ id }, { first }, { loaders }) => loaders.list("credentials", "subscriberId", "name", first).load(id),
  },
  Credential: {
    subscriber: ({ subscriberId }, _, { loaders }) => (subscriberId ? loaders.subscriber.load(subscriberId) : null),
  },
};

const server = new ApolloServer({ typeDefs, resolvers });
await startStandaloneServer(server, {
  context: async () => ({ loaders: new Loaders() }),
  listen: { host: "127.0.0.1", port: Number(process.argv[2]) },
});
