// Mercurius with its just-in-time compiler and its loaders: `node mercurius.mjs <port>`.
import { readFileSync } from "node:fs";
import Fastify from "fastify";
import { GraphQLScalarType } from "graphql";
import mercurius from "mercurius";
import { byIds, children, instant, page, statements } from "./reads.mjs";

const schema = readFileSync(new URL("schema.graphql", import.meta.url), "utf8");

const resolvers = {
  DateTime: new GraphQLScalarType({ name: "DateTime", serialize: instant }),
  Query: {
    organization: async (_, { by }) => (await byIds("organizations", [by.id]))[0],
    organizations: (_, { first, after }) => page("organizations", first, after),
    credentials: (_, { first, after }) => page("credentials", first, after),
  },
};

/** A loader without Mercurius' cache of single keys, which costs more than it saves: what is read is deduplicated. */
const loader = (read) => ({ loader: read, opts: { cache: false } });
const one = (collection, via) => loader((asked) => byIds(collection, asked.map(({ obj }) => obj[via])));
const many = (collection, by, order) =>
  loader(async (asked) => {
    const firsts = new Map();
    asked.forEach(({ obj, params }, n) => {
      if (!firsts.has(params.first)) firsts.set(params.first, []);
      firsts.get(params.first).push({ n, id: obj.id });
    });
    const answers = new Array(asked.length);
    for (const [first, group] of firsts) {
      const found = await children(collection, by, order, group.map(({ id }) => id), first);
      group.forEach(({ n }, at) => (answers[n] = found[at]));
    }
    return answers;
  });

const loaders = {
  Organization: {
    parent: one("organizations", "parentId"),
    subscribers: many("subscribers", "organizationId", "emailKey"),
    statement: loader((asked) => statements(asked.map(({ obj }) => obj))),
  },
  Subscriber: {
    organization: one("organizations", "organizationId"),
    credentials: many("credentials", "subscriberId", "name"),
  },
  Credential: { subscriber: one("subscribers", "subscriberId") },
};

const server = Fastify();
server.register(mercurius, { schema, resolvers, loaders, jit: 1, graphiql: false });
await server.listen({ host: "127.0.0.1", port: Number(process.argv[2]) });
