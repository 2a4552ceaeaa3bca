// The same three questions through graphql-codegen's typed documents, and what a program does with the answers.
import { graphql, type DocumentType } from "./gql/index.js";
import type { OrganizationBy, StatementScope } from "./gql/graphql.js";

export const Customers = graphql(`
  query Customers($first: Int!, $after: Cursor, $filter: OrganizationFilter, $orderBy: OrganizationOrder) {
    organizations(first: $first, after: $after, filter: $filter, orderBy: $orderBy) {
      nodes {
        id
        name
        customMetadata {
          name
          value
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`);

export const AnyNode = graphql(`
  query AnyNode($id: ID!) {
    node(id: $id) {
      __typename
      id
      ... on Organization {
        name
      }
      ... on Subscriber {
        email
      }
    }
  }
`);

export const Owed = graphql(`
  query Owed($by: OrganizationBy!, $scope: StatementScope!, $asOf: DateTime) {
    organization(by: $by) {
      statements(scope: $scope, asOf: $asOf) {
        openInvoices
        outstandingBalance {
          amount
          currency
        }
        unpaidInvoices(first: 10) {
          nodes {
            dueAt
          }
        }
      }
    }
  }
`);

/** Where the next page begins; null at the end. */
export function next({ organizations }: DocumentType<typeof Customers>): string | null {
  return organizations?.pageInfo.hasNextPage ? (organizations.pageInfo.endCursor ?? null) : null;
}

/** `__typename` tells the members of a record apart. */
export function label({ node }: DocumentType<typeof AnyNode>): string {
  switch (node?.__typename) {
    case "Organization":
      return node.name;
    case "Subscriber":
      return node.email;
    default:
      return node?.id ?? "no such record";
  }
}

/** One line a currency. */
export function balances({ organization }: DocumentType<typeof Owed>): string[] {
  const statements = organization?.statements ?? [];
  return statements.map(({ outstandingBalance: { amount, currency } }) => `${amount} ${currency}`);
}

/** A look-up takes one key, and TypeScript holds it to that. */
export const one: OrganizationBy = { externalId: "finoptic-labs" };
// @ts-expect-error: two keys at once
export const two: OrganizationBy = { externalId: "finoptic-labs", name: "Finoptic Labs" };

export const scopes: readonly StatementScope[] = ["OWN", "TREE"];
