// Apollo Client with automatic persisted queries, against a running demo server:
//
//   node check.mjs http://127.0.0.1:8000/graphql
//
// It walks from a credential to its subscription's plan, first with text and hash, then by the hash alone.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";

import { ApolloClient, gql, HttpLink, InMemoryCache } from "@apollo/client";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";

// A name of its own each time: the server keeps what earlier checks taught it.
const QUERY = gql`
  query ApolloCredential${Date.now()}($key: String!) {
    credential(by: { credentialId: $key }) {
      id
      subscription {
        id
        status
        plan {
          id
          name
        }
      }
    }
  }
`;

/** The bodies of the requests that were sent. */
const sent = [];

/** A client with an empty cache. */
function client(uri) {
  const http = new HttpLink({
    uri,
    fetch: (address, options) => {
      sent.push(JSON.parse(options.body));
      return fetch(address, options);
    },
  });
  const persisted = new PersistedQueryLink({ sha256: (text) => createHash("sha256").update(text).digest("hex") });
  return new ApolloClient({ link: persisted.concat(http), cache: new InMemoryCache() });
}

const uri = process.argv[2];
const variables = { key: "hak-abc123456" };
const first = await client(uri).query({ query: QUERY, variables });
assert.equal(first.data.credential.subscription.__typename, "PlanSubscription");
assert.equal(first.data.credential.subscription.plan.name, "Gold");
assert.deepEqual(sent.map((body) => "query" in body), [false, true], "the hash, then text and hash");

sent.length = 0;
const apollo = client(uri);
assert.deepEqual((await apollo.query({ query: QUERY, variables })).data, first.data);
assert.deepEqual((await apollo.query({ query: QUERY, variables })).data, first.data);
assert.deepEqual(sent.map((body) => "query" in body), [false], "the hash alone, and then the cache");
console.log("Apollo Client: persisted queries are learnt and found, and the cache answers.");
