// One record by its id: `node`, a fragment that Relay can fetch again through `Node`, and a list nested in it.
import { graphql, useLazyLoadQuery, usePaginationFragment } from "react-relay";

import type { Organization_people$key } from "./__generated__/Organization_people.graphql";
import type { OrganizationPeopleQuery } from "./__generated__/OrganizationPeopleQuery.graphql";
import type { OrganizationQuery } from "./__generated__/OrganizationQuery.graphql";

function People({ organization }: { organization: Organization_people$key }) {
  const { data, loadNext, refetch } = usePaginationFragment<OrganizationPeopleQuery, Organization_people$key>(
    graphql`
      fragment Organization_people on Organization
      @argumentDefinitions(count: { type: "Int", defaultValue: 10 }, cursor: { type: "Cursor" })
      @refetchable(queryName: "OrganizationPeopleQuery") {
        subscribers(first: $count, after: $cursor) @connection(key: "Organization_subscribers") {
          edges {
            node {
              id
              email
            }
          }
        }
      }
    `,
    organization,
  );
  const addresses: string[] = data.subscribers.edges.map(({ node }) => node.email);
  return (
    <p onClick={() => refetch({ count: 20 })} onDoubleClick={() => loadNext(10)}>
      {addresses.join(", ")}
    </p>
  );
}

export function Organization({ id }: { id: string }) {
  const { node } = useLazyLoadQuery<OrganizationQuery>(
    graphql`
      query OrganizationQuery($id: ID!) {
        node(id: $id) {
          __typename
          id
          ... on Organization {
            name
            kind
            parent {
              name
            }
          }
          ...Organization_people @alias(as: "organization")
        }
      }
    `,
    { id },
  );
  if (node?.__typename !== "Organization") return null;
  return (
    <article>
      <h1>{node.parent ? `${node.name}, part of ${node.parent.name}` : node.name}</h1>
      {node.organization && <People organization={node.organization} />}
    </article>
  );
}
