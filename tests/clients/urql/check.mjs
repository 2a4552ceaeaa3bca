// urql with Graphcache and the schema's introspection, against a running demo server:
//
//   node check.mjs http://127.0.0.1:8000/graphql schema.graphql
//
// It walks from a credential to its subscription's plan. The cache answers the second time, and a part of it that was
// asked for in another query.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

import { Client, fetchExchange, gql } from "@urql/core";
import { cacheExchange } from "@urql/exchange-graphcache";
import { buildSchema, introspectionFromSchema, isObjectType } from "graphql";

const WALK = gql`
  query UrqlCredential($key: String!) {
    credential(by: { credentialId: $key }) {
      id
      subscription {
        id
        status
        organization {
          id
          name
        }
        plan {
          id
          name
        }
      }
      statement {
        id
        outstandingBalance {
          amount
          currency
        }
      }
    }
  }
`;
const LESS = gql`
  query UrqlPlan($key: String!) {
    credential(by: { credentialId: $key }) {
      id
      subscription {
        id
        plan {
          id
          name
        }
      }
    }
  }
`;

const [url, file] = process.argv.slice(2);
const schema = buildSchema(readFileSync(file, "utf8"));
// What has no id is kept inside the record that it belongs to.
const withoutId = Object.values(schema.getTypeMap()).filter((type) => isObjectType(type) && !("id" in type.getFields()));
const keys = Object.fromEntries(withoutId.map(({ name }) => [name, () => null]));

const warnings = [];
console.warn = (...words) => warnings.push(words.join(" "));
let requests = 0;
const client = new Client({
  url,
  preferGetMethod: false,
  fetch: (...given) => {
    requests += 1;
    return fetch(...given);
  },
  exchanges: [cacheExchange({ schema: introspectionFromSchema(schema), keys }), fetchExchange],
});

const variables = { key: "hak-abc123456" };
for (const query of [WALK, WALK, LESS]) {
  const { data, error } = await client.query(query, variables).toPromise();
  assert.equal(error, undefined);
  assert.equal(data.credential.subscription.plan.name, "Gold");
}
assert.deepEqual(warnings, []);
assert.equal(requests, 1, "the cache answers what was asked before");
console.log("urql with Graphcache: subscriptions are walked, and the cache answers what it has.");
