// A list that pages: `@connection` and `@refetchable` on the root, each row's fragment beside the row.
import { graphql, useFragment, useLazyLoadQuery, usePaginationFragment } from "react-relay";

import type { Customers_row$key } from "./__generated__/Customers_row.graphql";
import type { CustomersQuery } from "./__generated__/CustomersQuery.graphql";
import type { CustomersPageQuery } from "./__generated__/CustomersPageQuery.graphql";
import type { Customers_page$key } from "./__generated__/Customers_page.graphql";

function Row({ organization }: { organization: Customers_row$key }) {
  const { name, currency, customMetadata } = useFragment(
    graphql`
      fragment Customers_row on Organization {
        name
        currency
        customMetadata {
          name
          value
        }
      }
    `,
    organization,
  );
  const facts = customMetadata.map(({ name, value }) => `${name}: ${value}`);
  return <li title={facts.join(", ")}>{`${name} (${currency})`}</li>;
}

function Page({ query }: { query: Customers_page$key }) {
  const { data, hasNext, loadNext } = usePaginationFragment<CustomersPageQuery, Customers_page$key>(
    graphql`
      fragment Customers_page on Query
      @argumentDefinitions(count: { type: "Int", defaultValue: 10 }, cursor: { type: "Cursor" })
      @refetchable(queryName: "CustomersPageQuery") {
        organizations(first: $count, after: $cursor, filter: { kind: { equals: COMPANY } })
          @connection(key: "Customers_organizations") {
          totalCount
          edges {
            node {
              id
              ...Customers_row
            }
          }
        }
      }
    `,
    query,
  );
  const { edges = [], totalCount } = data.organizations ?? {};
  return (
    <ul>
      {edges.map(({ node }) => (
        <Row key={node.id} organization={node} />
      ))}
      {hasNext && <button onClick={() => loadNext(10)}>{`More of ${totalCount ?? "many"}`}</button>}
    </ul>
  );
}

export function Customers() {
  const query = useLazyLoadQuery<CustomersQuery>(
    graphql`
      query CustomersQuery {
        ...Customers_page
      }
    `,
    {},
  );
  return <Page query={query} />;
}
